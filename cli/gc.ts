import { Command } from 'commander';
import { Problem } from '../stack/problem.ts';
import { GatewayClient } from './gatewayClient.ts';
import { readOwnGateway } from './ownGateway.ts';

interface Memberships {
  readonly viewer: {
    readonly memberships: readonly { readonly role: string; readonly team: { readonly id: string; readonly name: string } }[];
  };
}
interface Garbage {
  readonly blobs: number;
  readonly storedBytes: number;
  readonly hashes: readonly string[];
  readonly young: number;
  readonly kept: number;
}

/** `baton gc`: removes blobs that nothing refers to, in the teams that one administers. */
export function gcCommand(): Command {
  return new Command('gc')
    .description('remove blobs that no snapshot refers to, in the teams you administer')
    .option('--dry-run', 'only say what would go')
    .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
      const client = new GatewayClient(await readOwnGateway());
      for await (const line of collect(client, dryRun)) process.stdout.write(`${line}\n`);
    });
}

/** What went in each team, or would, in lines. Throws a Problem when there is no team to administer. */
export async function* collect(client: GatewayClient, dryRun: boolean): AsyncGenerator<string> {
  const { viewer } = await client.ask<Memberships>('query Teams { viewer { memberships { role team { id name } } } }');
  const teams = viewer.memberships.filter(({ role }) => role === 'ADMIN').map(({ team }) => team);
  if (teams.length === 0) throw new Problem('You administer no team.');
  for (const { id, name } of teams) {
    const garbage = await client.mutate<Garbage>('collectGarbage', { teamId: id, dryRun }, 'blobs storedBytes hashes young kept');
    const { blobs, storedBytes, hashes, young, kept } = garbage;
    yield `${name}: ${blobs} blobs (${storedBytes} bytes) ${dryRun ? 'would go' : 'went'}, ${young} are too young to tell, ${kept} are in use`;
    if (dryRun) for (const hash of hashes) yield `  ${hash}`;
    if (dryRun && blobs > hashes.length) yield `  and ${blobs - hashes.length} more`;
  }
}
