import type { Entry, Section, Transcript } from './transcript.ts';

/**
 * The newer transcript, with every entry and section of the older one that says the same in place of its twin. When
 * older pages come in, the log is read anew; what has not changed then need not be drawn anew.
 */
export function reuse(before: Transcript, after: Transcript): Transcript {
  const known = new Map(before.sections.flatMap(({ entries }) => entries.map((entry) => [entry.id, entry] as const)));
  const sections = new Map(before.sections.map((section) => [section.id, section] as const));
  return {
    ...after,
    sections: after.sections.map((section) => {
      const entries = section.entries.map((entry) => same(known.get(entry.id), entry));
      return sameSection(sections.get(section.id), { ...section, entries });
    }),
  };
}

const same = (before: Entry | undefined, after: Entry): Entry => (before && isSame(before, after, 2) ? before : after);

function sameSection(before: Section | undefined, after: Section): Section {
  if (!before) return after;
  const session = before.session && after.session && isSame(before.session, after.session, 3) ? before.session : after.session;
  const entries =
    before.entries.length === after.entries.length && before.entries.every((entry, index) => entry === after.entries[index])
      ? before.entries
      : after.entries;
  return session === before.session && entries === before.entries ? before : { ...after, session, entries };
}

/** Whether two values are the same, looked into so many levels deep. Events are never copied, so they are themselves. */
function isSame(a: unknown, b: unknown, depth: number): boolean {
  if (Object.is(a, b)) return true;
  if (depth === 0 || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], depth - 1))
  );
}
