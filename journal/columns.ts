import type pg from 'pg';
import { jsonText } from './jsonText.ts';

/** A value for a JSON column. Arrays and objects are written as JSON text, null as SQL's NULL. */
export class Json {
  readonly text: string | null;
  constructor(value: unknown) {
    this.text = value === null || value === undefined ? null : jsonText(value);
  }
}

export type Columns = Record<string, string | number | boolean | Date | Buffer | readonly string[] | Json | null>;

const parameter = (value: Columns[string]): unknown => (value instanceof Json ? value.text : value);

/** Inserts one row. Table and column names come from the code, never from outside. */
export async function insertRow(client: pg.ClientBase, table: string, columns: Columns): Promise<void> {
  const names = Object.keys(columns);
  await client.query(
    `INSERT INTO "${table}" (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
    Object.values(columns).map(parameter),
  );
}

/**
 * Updates the named columns of the row with this id; `increment` names a counter to raise by one.
 * Does nothing when there is nothing to write.
 */
export async function updateRow(
  client: pg.PoolClient,
  table: string,
  id: string,
  columns: Columns,
  increment?: string,
): Promise<void> {
  const sets = Object.keys(columns).map((name, i) => `"${name}" = $${i + 2}`);
  if (increment !== undefined) sets.push(`"${increment}" = "${increment}" + 1`);
  if (sets.length === 0) return;
  await client.query(`UPDATE "${table}" SET ${sets.join(', ')} WHERE id = $1`, [id, ...Object.values(columns).map(parameter)]);
}

/** The columns of `after` that differ from `before`. */
export function changedColumns(before: Columns, after: Columns): Columns {
  const text = (value: Columns[string] | undefined) => (value instanceof Json ? value.text : value);
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => text(before[name]) !== text(value)));
}
