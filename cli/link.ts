import { Command } from 'commander';
import { z } from 'zod';
import type { GatewayFile } from '../stack/gatewayFile.ts';
import { Problem } from '../stack/problem.ts';
import { readOwnGateway } from './ownGateway.ts';

const mutation = 'mutation CreateSignInLink { createSignInLink { url expiresAt } }';

const responseSchema = z.object({
  data: z.object({ createSignInLink: z.object({ url: z.string(), expiresAt: z.string() }) }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

const answerWithinMs = 10_000;

/** `baton link`: prints a link that signs one browser in, once, as the local owner. */
export function linkCommand(): Command {
  return new Command('link').description('print a link that signs one browser in, once').action(async () => {
    const { url, expiresAt } = await createSignInLink(await readOwnGateway());
    process.stdout.write(`${url}\n`);
    if (process.stdout.isTTY) process.stdout.write(`It works once, until ${new Date(expiresAt).toLocaleTimeString()}.\n`);
  });
}

/** Asks a gateway for a new link. Throws a Problem when it can't be reached or refuses. */
export async function createSignInLink({ url, token }: GatewayFile): Promise<{ url: string; expiresAt: string }> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: mutation }),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch((error: unknown) => {
    throw new Problem(`Baton does not answer at ${url}.\nStart it with npm start.`, { cause: error });
  });
  const answer = responseSchema.safeParse(await response.json().catch(() => null));
  if (answer.data?.data) return answer.data.data.createSignInLink;
  const reason = answer.data?.errors?.[0]?.message ?? `status ${response.status}`;
  throw new Problem(`The gateway at ${url} gave no link: ${reason}`);
}
