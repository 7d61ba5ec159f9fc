import type { UserId } from './ids.ts';

/** Who caused something: a person through the API, an operator through Temporal, or Baton itself. */
export type Actor =
  | { readonly kind: 'USER'; readonly userId: UserId; readonly name: string }
  | { readonly kind: 'OPERATOR'; readonly name: string }
  | { readonly kind: 'PLATFORM' };

/** How an actor is named in a sentence. */
export function actorName(actor: Actor): string {
  return actor.kind === 'PLATFORM' ? 'Baton' : actor.name;
}
