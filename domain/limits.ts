/** Limits that admission and the journal hold. Sizes in bytes of UTF-8. */
export const limits = {
  /** A message of a person. */
  messageBytes: 256 * 1024,
  titleCharacters: 200,
  /** An event's payload in the journal; more of it lies in a blob. */
  payloadBytes: 64 * 1024,
  /** A chunk of streamed text or output is flushed at this size … */
  chunkBytes: 8 * 1024,
  /** … or after this many milliseconds. */
  chunkMs: 50,
  /** Messages that may wait in one run. */
  pendingMessages: 100,
  clientKeyCharacters: 200,
  /** Why an event was redacted. */
  reasonCharacters: 500,
} as const;
