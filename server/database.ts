import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../prisma/generated/client/client.ts';

export type Database = PrismaClient;

/** Prisma over `pg`. UTC is forced: the adapter reads and writes times without their zone. */
export function openDatabase(databaseUrl: string): Database {
  const adapter = new PrismaPg({
    connectionString: databaseUrl,
    application_name: 'baton-gateway',
    options: '-c TimeZone=UTC',
    max: 10,
    connectionTimeoutMillis: 10_000,
  });
  return new PrismaClient({ adapter });
}
