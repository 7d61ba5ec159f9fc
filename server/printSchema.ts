import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema/schema.ts';

/** Writes `schema.graphql`; with `--check` says whether the one that is checked in is current. */
const file = fileURLToPath(new URL('../schema.graphql', import.meta.url));
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== printed) {
    process.stderr.write('schema.graphql is out of date. Run: npm run schema\n');
    process.exit(1);
  }
} else {
  writeFileSync(file, printed);
}
