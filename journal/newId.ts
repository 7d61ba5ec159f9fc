import { typeidUnboxed } from 'typeid-js';
import type { IdPrefix, parseId } from '../domain/ids.ts';

type IdOf<P extends IdPrefix> = NonNullable<ReturnType<typeof parseId<P>>>;

/** A new id of one kind: a TypeID, whose UUIDv7 sorts by the time it was made. */
export function newId<P extends IdPrefix>(prefix: P): IdOf<P> {
  return typeidUnboxed(prefix) as unknown as IdOf<P>;
}
