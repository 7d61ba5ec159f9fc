/** What to do when the gateway closes the socket with a code, as docs/live-protocol.md says. */
export type AfterClose =
  /** Connect again; at once the first time when the gateway said that it goes away. */
  | 'RETRY'
  | 'RETRY_AT_ONCE'
  /** The sign-in is missing or has ended. */
  | 'SIGN_IN'
  /** The rights have changed: ask over HTTP whether there is still a sign-in. */
  | 'VERIFY'
  /** A defect of this client: trying again would meet the same. */
  | 'STOP';

const byCode: Readonly<Record<number, AfterClose>> = {
  1001: 'RETRY_AT_ONCE',
  1009: 'STOP',
  1012: 'RETRY_AT_ONCE',
  4400: 'STOP',
  4401: 'SIGN_IN',
  4403: 'VERIFY',
  4406: 'STOP',
  4409: 'STOP',
  4429: 'STOP',
};

/** Every other code, and a failure of the transport, is retried. */
export function afterClose(code: number | undefined): AfterClose {
  return (code === undefined ? undefined : byCode[code]) ?? 'RETRY';
}
