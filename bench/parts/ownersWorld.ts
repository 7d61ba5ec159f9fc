import type { GatewayClient } from '../../cli/gatewayClient.ts';
import type { Journal } from '../../journal/journal.ts';
import { createWorld, type World } from '../../test/support/journal.ts';

/** A team with an environment, of which the local owner is a member. */
export async function createOwnersWorld(client: GatewayClient, journal: Journal): Promise<World> {
  const world = await createWorld(journal);
  const { viewer } = await client.ask<{ viewer: { id: string } }>('{ viewer { id } }');
  await journal.pool.query(`INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, 'MEMBER')`, [
    viewer.id,
    world.teamId,
  ]);
  return world;
}
