/** Says at most this often how far a fetch is. Milliseconds. */
const everyMs = 250;

const stages: Readonly<Record<string, string>> = {
  'Receiving objects': 'fetching',
  'Resolving deltas': 'unpacking',
};

/**
 * Reads what `git fetch --progress` prints on standard error and says it in words, such as `fetching example.git, 42 %`.
 */
export function fetchProgress(name: string, say: (detail: string) => void): (text: string) => void {
  let last = '';
  let lastAt = 0;
  return (text) => {
    const percent = [...text.matchAll(/(Receiving objects|Resolving deltas):\s+(\d+)%/g)].at(-1);
    if (!percent) return;
    const detail = `${stages[percent[1] ?? ''] ?? 'fetching'} ${name}, ${percent[2]} %`;
    const now = performance.now();
    if (detail === last || (now - lastAt < everyMs && percent[2] !== '100')) return;
    last = detail;
    lastAt = now;
    say(detail);
  };
}
