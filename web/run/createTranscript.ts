import { stringifyDocument } from '@urql/core';
import { batch, createSignal, onCleanup, type Accessor } from 'solid-js';
import { ask } from '../api/client.ts';
import { TranscriptDocument, TranscriptPageDocument } from '../generated/operations.ts';
import type { Connection } from '../live/connection.ts';
import type { LogEvent } from '../live/runLog.ts';
import { RunFollower, type FollowerState, type LoadPage } from '../live/runFollower.ts';
import { extend, transcriptOf } from './model/extend.ts';
import { reuse } from './model/reuse.ts';
import { emptyTranscript, type Transcript } from './model/transcript.ts';

/** Events of a page of history, before chunks are merged; and of one on the way to a place further up. */
const pageSize = 200;
export const jumpSize = 1_000;

export interface LiveTranscript {
  readonly transcript: Accessor<Transcript>;
  readonly state: Accessor<FollowerState>;
  readonly hasOlder: Accessor<boolean>;
  readonly loadingOlder: Accessor<boolean>;
  /** Loads the page before; false when there is none. */
  readonly loadOlder: (size?: number) => Promise<boolean>;
  /** Loads pages until the event is there; false when it cannot be had. */
  readonly reach: (seq: number) => Promise<boolean>;
  /** All that an item has said, from its beginning; null when that cannot be loaded. */
  readonly wholeText: (itemId: string) => Promise<string | null>;
  readonly reopen: () => void;
}

const loadPageOf =
  (id: string): LoadPage =>
  async (before, size = pageSize) => {
    const { run } = await ask(TranscriptPageDocument, { id, last: size, before: before === null ? null : String(before) });
    if (!run) return 'NOT_FOUND';
    const { edges, pageInfo } = run.transcript;
    return { events: edges.map(({ node }) => node), hasPreviousPage: pageInfo.hasPreviousPage };
  };

/** A run's transcript: the loaded part of its log, as it grows. It is drawn at most once a frame. */
export function createTranscript(id: string, connection: Connection): LiveTranscript {
  const [transcript, setTranscript] = createSignal<Transcript>(emptyTranscript);
  const [state, setState] = createSignal<FollowerState>({ kind: 'LOADING' });
  const [hasOlder, setHasOlder] = createSignal(false);
  const [loadingOlder, setLoadingOlder] = createSignal(false);
  let waiting: LogEvent[] = [];
  let frame: number | null = null;

  const flush = (): void => {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    const events = waiting;
    waiting = [];
    if (events.length > 0) setTranscript((before) => extend(before, events));
  };
  const follower = new RunFollower({
    runId: id,
    query: stringifyDocument(TranscriptDocument),
    connection,
    loadPage: loadPageOf(id),
    onEvents: (events, how) => {
      if (how === 'APPEND') {
        waiting.push(...events);
        // No frames are drawn for a page that is hidden.
        if (document.hidden) flush();
        else frame ??= requestAnimationFrame(flush);
        return;
      }
      waiting = [];
      batch(() => {
        setTranscript((before) => reuse(before, transcriptOf(events)));
        setHasOlder(follower.hasOlder);
      });
    },
    onState: (next) => {
      if (next.kind === 'LIVE') flush();
      setState(next);
    },
  });
  onCleanup(() => {
    follower.stop();
    if (frame !== null) cancelAnimationFrame(frame);
  });

  const loadOlder = async (size?: number): Promise<boolean> => {
    setLoadingOlder(true);
    const loaded = await follower.loadOlder(size);
    setLoadingOlder(false);
    return loaded;
  };
  const reach = async (seq: number): Promise<boolean> => {
    while (follower.log.first > seq) if (!(await loadOlder(jumpSize))) return false;
    return true;
  };
  return {
    transcript,
    state,
    hasOlder,
    loadingOlder,
    loadOlder,
    reach,
    wholeText: async (itemId) => {
      const begun = (): boolean =>
        follower.log.events.some((event) => event.__typename === 'ItemStartedEvent' && event.itemId === itemId);
      while (!begun()) if (!(await loadOlder(jumpSize))) return null;
      return follower.log.events
        .map((event) => (event.__typename === 'ItemChunkEvent' && event.itemId === itemId ? event.text : ''))
        .join('');
    },
    reopen: () => void follower.open(),
  };
}
