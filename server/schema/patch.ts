/** A unified diff, or the first files of a long one. */
export interface PatchView {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
}

const nextFile = Buffer.from('\ndiff --git ');

/** The diff's first files that fit into `maxBytes`; a diff is never cut inside a file. */
export function cutPatch(content: Buffer, maxBytes: number): PatchView {
  if (content.length <= maxBytes) return { text: content.toString(), bytes: content.length, truncated: false };
  const end = content.lastIndexOf(nextFile, Math.max(0, maxBytes - 1));
  return { text: end < 0 ? '' : content.subarray(0, end + 1).toString(), bytes: content.length, truncated: true };
}
