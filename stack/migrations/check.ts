import { machine } from '../../config/machine.ts';
import { migrate } from '../migrate.ts';
import { startTemporaryPostgres } from '../postgres/temporary.ts';
import { prisma } from './prismaCli.ts';

/** Part of `npm run check`: applies the migrations to an empty database, and compares the result with schema.prisma. */
const database = await startTemporaryPostgres();
try {
  await migrate(database.url);
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--exit-code'];
  const { code, output } = await prisma(database.url, machine().environment, ...diff);
  if (code !== 0) {
    process.stderr.write(`The migrations do not lead to prisma/schema.prisma. Make one: npm run migration -- name\n\n${output}`);
    process.exitCode = 1;
  }
} finally {
  await database.stop();
}
