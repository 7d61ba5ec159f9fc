/** Ends a switch over a union: the compiler proves that every member was handled, and a value from outside that slipped in says so. */
export function assertNever(value: never, what: string): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`);
}
