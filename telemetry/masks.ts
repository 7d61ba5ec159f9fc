export type MaskLine = (line: string) => string;

const inUse = new Set<MaskLine>();

/** From here on no line of this process’ log shows what the mask hides. Returns a function that takes it away again. */
export function maskLog(mask: MaskLine): () => void {
  const own: MaskLine = (line) => mask(line);
  inUse.add(own);
  return () => void inUse.delete(own);
}

/** A line as the log may show it. */
export function masked(line: string): string {
  let text = line;
  for (const mask of inUse) text = mask(text);
  return text;
}
