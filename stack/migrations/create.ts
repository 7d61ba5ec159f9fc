import { machine } from '../../config/machine.ts';
import { startTemporaryPostgres } from '../postgres/temporary.ts';
import { prisma } from './prismaCli.ts';

/** `npm run migration -- name`: writes the migration that leads from the last one to schema.prisma, with no database needed. */
const [name] = process.argv.slice(2);
if (name === undefined) {
  process.stderr.write('Give the migration a name: npm run migration -- add_labels\n');
  process.exit(1);
}
const database = await startTemporaryPostgres();
try {
  const { code, output } = await prisma(database.url, machine().environment, 'migrate', 'dev', '--create-only', '--name', name);
  process.stdout.write(output);
  process.exitCode = code;
} finally {
  await database.stop();
}
