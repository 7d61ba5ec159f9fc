/**
 * Expected failures. Each is a member of the result unions of the fields that may meet it; nothing else that is thrown
 * reaches a client with its text. The others are in errors.ts; this one the builder itself throws.
 */
export abstract class ApiError extends Error {
  abstract readonly code: string;
}

export class ForbiddenError extends ApiError {
  readonly code = 'FORBIDDEN';
}
