import type { LogEvent } from '../../live/runLog.ts';
import type { Entry, Failure, Place, Section, SessionFacts, Transcript } from './transcript.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const newFacts = (ordinal: number): SessionFacts => ({
  ordinal,
  opened: null,
  states: [],
  state: null,
  outcome: null,
  worker: null,
  failure: null,
  waiting: null,
  restored: null,
  notRestored: null,
  snapshot: null,
  snapshotFailed: null,
  endRequested: false,
  conversation: null,
});

/**
 * A transcript while events are applied to it. What changes is copied once per batch and shared otherwise, so that a
 * batch costs what it changes, and the transcript before it stays as it was.
 */
export class Draft {
  readonly value: Mutable<Transcript>;
  readonly #sections: Section[];
  readonly #places: Map<string, Place>;
  /** Sections whose list of entries was copied in this batch. */
  readonly #owned = new Set<number>();

  constructor(before: Transcript) {
    this.#sections = [...before.sections];
    this.#places = new Map(before.places);
    this.value = { ...before, sections: this.#sections, places: this.#places };
  }

  /** Begins the session's section, unless it is there. */
  openSection(ordinal: number | null): number {
    const id = ordinal === null ? 's0' : `s${ordinal}`;
    const found = this.#sections.findLastIndex((section) => section.id === id);
    if (found >= 0) return found;
    this.#sections.push({ id, session: ordinal === null ? null : newFacts(ordinal), entries: [] });
    this.#owned.add(this.#sections.length - 1);
    return this.#sections.length - 1;
  }

  /** Where an event is shown: in its session, or after what came last. */
  sectionOf({ sessionOrdinal }: Pick<LogEvent, 'sessionOrdinal'>): number {
    if (sessionOrdinal !== null) return this.openSection(sessionOrdinal);
    return this.#sections.length > 0 ? this.#sections.length - 1 : this.openSection(null);
  }

  /** Adds an entry at the end of the event's section. With a key, it can be found again until it is closed. */
  push(event: Pick<LogEvent, 'sessionOrdinal'>, entry: Entry, key?: string): void {
    const section = this.sectionOf(event);
    const entries = this.#entries(section);
    entries.push(entry);
    if (key !== undefined) this.#places.set(key, { section, entry: entries.length - 1 });
  }

  /** The open entry with this key. */
  find(key: string): Entry | null {
    const place = this.#places.get(key);
    return place ? (this.#sections[place.section]?.entries[place.entry] ?? null) : null;
  }

  replace(key: string, entry: Entry): void {
    const place = this.#places.get(key);
    if (place) this.#entries(place.section)[place.entry] = entry;
  }

  /** The entry is finished; its key is not needed any more. */
  close(key: string): void {
    this.#places.delete(key);
  }

  /** Changes every entry of a section that is still open under a key with this beginning, and closes it. */
  closeAll(section: number, prefix: string, change: (entry: Entry) => Entry): void {
    for (const [key, place] of [...this.#places]) {
      if (place.section !== section || !key.startsWith(prefix)) continue;
      const entry = this.find(key);
      if (entry) this.replace(key, change(entry));
      this.close(key);
    }
  }

  /** Changes every entry of a section from a sequence number on. */
  changeFrom(section: number, seq: number, change: (entry: Entry) => Entry): void {
    const entries = this.#entries(section);
    for (let index = entries.length - 1; index >= 0; index -= 1) {
      const entry = entries[index];
      if (!entry || entry.seq < seq) break;
      entries[index] = change(entry);
    }
  }

  /** Changes what is known of the event's session; nothing for an event between sessions. */
  session(ordinal: number | null, change: (facts: SessionFacts) => Partial<SessionFacts>): void {
    if (ordinal === null) return;
    const index = this.openSection(ordinal);
    const section = this.#sections[index];
    if (section?.session) {
      this.#sections[index] = { ...section, session: { ...section.session, ...change(section.session) } };
    }
  }

  /** Whether the latest session failed with this: it is not said twice. */
  saysAlready(failure: Failure): boolean {
    const said = this.#sections.at(-1)?.session?.failure;
    return said?.code === failure.code && said.message === failure.message;
  }

  #entries(section: number): Entry[] {
    const found = this.#sections[section];
    if (!found) throw new Error(`there is no section ${section}`);
    if (!this.#owned.has(section)) {
      this.#sections[section] = { ...found, entries: [...found.entries] };
      this.#owned.add(section);
    }
    return (this.#sections[section] as Section).entries as Entry[];
  }
}
