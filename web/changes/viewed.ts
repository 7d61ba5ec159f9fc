import { createSignal } from 'solid-js';
import { keep, kept } from '../ui/kept.ts';

/** A short fingerprint of a text: enough to see that it is another one. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
}

/**
 * Which files of a run a person has looked at, kept in this browser. A file that has changed since counts as not
 * looked at.
 */
export function createViewed(runId: string): {
  readonly isViewed: (path: string, text: string) => boolean;
  readonly setViewed: (path: string, text: string, viewed: boolean) => void;
} {
  const key = `baton.viewed.${runId}`;
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(kept(key) ?? '{}') as Record<string, string>;
    } catch {
      return {};
    }
  };
  const [marks, setMarks] = createSignal(read());
  return {
    isViewed: (path, text) => marks()[path] === fingerprint(text),
    setViewed: (path, text, viewed) => {
      const { [path]: _, ...rest } = marks();
      const next = viewed ? { ...rest, [path]: fingerprint(text) } : rest;
      setMarks(next);
      keep(key, Object.keys(next).length > 0 ? JSON.stringify(next) : null);
    },
  };
}
