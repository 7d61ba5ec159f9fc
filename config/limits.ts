import { z } from 'zod';

const count = z.coerce.number().int().positive();

/** What one client may ask of a gateway, and what one team may have. */
export const limitSettings = {
  BATON_MAX_BODY_BYTES: count.default(1024 * 1024).describe('A request’s body, or a message over WebSocket, at most.'),
  BATON_MAX_DOCUMENT_TOKENS: count.default(4_000).describe('Tokens of a GraphQL document at most.'),
  BATON_OPERATIONS_PER_MINUTE: count.default(6_000).describe('Operations that a person may start in a minute, per gateway.'),
  BATON_OPERATIONS_AT_ONCE: count.default(200).describe('Operations of a person that may run at once, per gateway.'),
  BATON_SUBSCRIPTIONS_PER_VIEWER: count.default(500).describe('Subscriptions that a person may have open, per gateway.'),
  BATON_SOCKETS_PER_VIEWER: count.default(200).describe('WebSockets that a person may have open, per gateway.'),
  BATON_SIGN_INS_PER_MINUTE: count.default(300).describe('Requests of an address to sign in or out in a minute, per gateway.'),
  BATON_QUOTA_RUNNING_SESSIONS: count.optional().describe('Runs of a team that may be queued or in progress at once.'),
  BATON_QUOTA_STORAGE_BYTES: count.optional().describe('Bytes of snapshots that a team may have stored.'),
};
