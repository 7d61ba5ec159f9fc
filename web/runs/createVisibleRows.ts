import { createVirtualizer } from '@tanstack/solid-virtual';
import { createMemo, type Accessor } from 'solid-js';
import type { RunGroup } from './runGroups.ts';

/** Lists up to this many lines are rendered whole. */
const wholeUpTo = 150;
const headHeight = 32;

export interface VisibleRows {
  /** The groups with the rows that are near the window of the list. */
  readonly groups: Accessor<readonly RunGroup[]>;
  /** What stands for the lines before and after, in pixels. */
  readonly before: Accessor<number>;
  readonly after: Accessor<number>;
  /** Given the element of each line, so that its real height counts. */
  readonly measure: (element: HTMLElement) => void;
  readonly indexOf: (key: string) => number;
  readonly show: (runId: string) => void;
}

interface Line {
  readonly key: string;
  readonly group: string;
  readonly runId: string | null;
}

const linesOf = (groups: readonly RunGroup[]): Line[] =>
  groups.flatMap(({ name, ids }) => [
    { key: name, group: name, runId: null },
    ...ids.map((runId) => ({ key: runId, group: name, runId })),
  ]);

/** Renders only the part of a long list that can be seen, and a little around it. */
export function createVisibleRows(
  groups: Accessor<readonly RunGroup[]>,
  scroller: Accessor<HTMLElement | null>,
  rowHeight: Accessor<number>,
): VisibleRows {
  const lines = createMemo(() => linesOf(groups()));
  const positions = createMemo(() => new Map(lines().map(({ key }, index) => [key, index])));
  const whole = (): boolean => lines().length <= wholeUpTo;
  const virtual = createVirtualizer({
    get count() {
      return lines().length;
    },
    get enabled() {
      return !whole();
    },
    getScrollElement: scroller,
    estimateSize: (index) => (lines()[index]?.runId === null ? headHeight : rowHeight()),
    getItemKey: (index) => lines()[index]?.key ?? index,
    overscan: 12,
  });
  const seen = createMemo(() => {
    if (whole()) return { from: 0, to: lines().length, before: 0, after: 0 };
    const items = virtual.getVirtualItems();
    const first = items[0];
    const last = items.at(-1);
    if (!first || !last) return { from: 0, to: 0, before: 0, after: virtual.getTotalSize() };
    return { from: first.index, to: last.index + 1, before: first.start, after: virtual.getTotalSize() - last.end };
  });
  return {
    groups: createMemo(() => {
      const { from, to } = seen();
      const shown: { name: string; ids: string[] }[] = [];
      for (const line of lines().slice(from, to)) {
        const group = shown.at(-1)?.name === line.group ? shown.at(-1) : undefined;
        if (group) group.ids.push(...(line.runId ? [line.runId] : []));
        else shown.push({ name: line.group, ids: line.runId ? [line.runId] : [] });
      }
      return shown;
    }),
    before: () => seen().before,
    after: () => seen().after,
    measure: (element) => {
      // Its index is an attribute that is set after the element was made.
      queueMicrotask(() => {
        if (!whole() && element.isConnected) virtual.measureElement(element);
      });
    },
    indexOf: (key) => positions().get(key) ?? -1,
    show: (runId) => {
      const index = positions().get(runId);
      if (index === undefined) return;
      if (!whole()) virtual.scrollToIndex(index, { align: 'auto' });
      else document.getElementById(`row-${runId}`)?.scrollIntoView({ block: 'nearest' });
    },
  };
}
