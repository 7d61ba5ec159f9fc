/** A value as JSON that PostgreSQL can store: what it cannot, U+0000 and halves of surrogate pairs, becomes U+FFFD. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '\ufffd') : part,
  );
}
