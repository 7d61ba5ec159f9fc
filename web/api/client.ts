import { Client, fetchExchange, type AnyVariables, type TypedDocumentNode } from '@urql/core';

/**
 * Requests over HTTP. There is no cache: what a page shows is kept by the page, replaced by what is newer (`version`)
 * and told by the live connection when to ask again.
 */
const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  requestPolicy: 'network-only',
  exchanges: [fetchExchange],
  fetchOptions: { credentials: 'same-origin' },
});

export type ApiFailureCode = 'GATEWAY_UNREACHABLE' | 'UNAUTHENTICATED' | (string & {});

/** A request that came to nothing: no answer, no sign-in, or a refusal that the operation has no place for. */
export class ApiFailure extends Error {
  readonly code: ApiFailureCode;
  constructor(code: ApiFailureCode, message: string) {
    super(message);
    this.name = 'ApiFailure';
    this.code = code;
  }
}

export const unreachable = 'The gateway does not answer. Runs go on without this page.';

interface Answer<Data> {
  readonly data?: Data | undefined;
  readonly error?: {
    readonly graphQLErrors: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
    readonly networkError?: Error | undefined;
    readonly response?: { readonly status: number };
  };
}

/** The data of an answer. Throws ApiFailure for anything less than whole data. */
function dataOf<Data>({ data, error }: Answer<Data>): Data {
  if (data !== undefined && data !== null && !error) return data;
  const [first] = error?.graphQLErrors ?? [];
  const status = error?.response?.status;
  if (status === 401 || first?.extensions['code'] === 'UNAUTHENTICATED') {
    for (const listener of signedOutListeners) listener();
    throw new ApiFailure('UNAUTHENTICATED', 'This browser is not signed in.');
  }
  if (first) throw new ApiFailure(String(first.extensions['code'] ?? 'REQUEST_REFUSED'), first.message);
  if (status === undefined || status >= 500) throw new ApiFailure('GATEWAY_UNREACHABLE', unreachable);
  throw new ApiFailure(`HTTP_${status}`, error?.networkError?.message ?? `The gateway answered with status ${status}.`);
}

const signedOutListeners = new Set<() => void>();

/** Calls back when an answer says that there is no sign-in (any more). */
export function onSignedOut(listener: () => void): void {
  signedOutListeners.add(listener);
}

/** Asks a query. Throws ApiFailure. */
export async function ask<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return dataOf((await client.query(document, variables).toPromise()) as Answer<Data>);
}

/** Sends a mutation, once. Throws ApiFailure. */
export async function send<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return dataOf((await client.mutation(document, variables).toPromise()) as Answer<Data>);
}
