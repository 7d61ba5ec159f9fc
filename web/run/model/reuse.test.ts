import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunLog } from '../../live/runLog.ts';
import { someLog } from '../../test/someLog.ts';
import { transcriptOf } from './extend.ts';
import { reuse } from './reuse.ts';

test('what older pages do not change stays the very same, and the rest is as it is read anew', () => {
  fc.assert(
    fc.property(someLog, fc.nat(), (events, cut) => {
      const older = cut % (events.length + 1);
      const log = new RunLog(older);
      log.append(events.slice(older));
      const before = transcriptOf(log.events);
      if (log.first > 0) log.prepend(events.slice(0, older));
      else log.append(events.slice(0, older));
      const after = reuse(before, transcriptOf(log.events));
      expect(after).toEqual(transcriptOf(log.events));
      const entries = new Map(before.sections.flatMap((section) => section.entries.map((entry) => [entry.id, entry])));
      const kept = after.sections.flatMap((section) => section.entries).filter((entry) => entries.get(entry.id) === entry);
      // Only the item, turn or prompt that the cut went through is drawn anew, and what a lost turn lies over.
      const equal = after.sections
        .flatMap((section) => section.entries)
        .filter((entry) => JSON.stringify(entries.get(entry.id)) === JSON.stringify(entry));
      expect(kept).toEqual(equal);
    }),
  );
});
