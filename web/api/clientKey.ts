/**
 * Gives the client key of a mutation: the same one for as long as the same thing is asked for, so that a retry after a
 * lost answer is not done twice; another one once something else is asked for.
 */
export function createClientKeys(): (input: unknown) => string {
  let body = '';
  let key = '';
  return (input) => {
    const next = JSON.stringify(input);
    if (next !== body || key === '') {
      body = next;
      key = crypto.randomUUID();
    }
    return key;
  };
}
