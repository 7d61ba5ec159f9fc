/** Where a query's words stand in a label, or null when one of them does not. Ranges in order, apart from each other. */
export function match(label: string, query: string): readonly (readonly [from: number, to: number])[] | null {
  const text = label.toLowerCase();
  const ranges: [number, number][] = [];
  for (const word of query.toLowerCase().split(/\s+/)) {
    if (word === '') continue;
    const at = text.indexOf(word);
    if (at < 0) return null;
    ranges.push([at, at + word.length]);
  }
  ranges.sort(([a], [b]) => a - b);
  return ranges.reduce<[number, number][]>((joined, [from, to]) => {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
    return joined;
  }, []);
}

/** The label in parts, those that match marked. */
export function marked(label: string, query: string): readonly { readonly text: string; readonly hit: boolean }[] {
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of match(label, query) ?? []) {
    if (from > at) parts.push({ text: label.slice(at, from), hit: false });
    parts.push({ text: label.slice(from, to), hit: true });
    at = to;
  }
  if (at < label.length) parts.push({ text: label.slice(at), hit: false });
  return parts;
}
