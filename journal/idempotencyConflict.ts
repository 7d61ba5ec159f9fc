/** A client key that came before with another body. */
export class IdempotencyConflict extends Error {
  readonly clientKey: string;
  constructor(clientKey: string) {
    super(`The client key ${JSON.stringify(clientKey)} was used before with another body. Use a new key for a new request.`);
    this.name = 'IdempotencyConflict';
    this.clientKey = clientKey;
  }
}
