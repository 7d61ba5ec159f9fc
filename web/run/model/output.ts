/**
 * What an item has said, however much: its beginning, its end, and how long all of it is, in UTF-16 units. A command
 * may print gigabytes; the page keeps this much of it.
 */
export interface Output {
  readonly head: string;
  readonly tail: string;
  readonly length: number;
}

export const headLength = 24 * 1024;
export const tailLength = 40 * 1024;

export const noOutput: Output = { head: '', tail: '', length: 0 };

/** The output with more text at its end. How the text is cut into pieces makes no difference. */
export function addOutput(output: Output, text: string): Output {
  const room = headLength - output.head.length;
  const toHead = room > 0 ? text.slice(0, room) : '';
  const toTail = room > 0 ? text.slice(room) : text;
  return {
    head: toHead === '' ? output.head : output.head + toHead,
    tail: toTail === '' ? output.tail : (output.tail + toTail).slice(-tailLength),
    length: output.length + text.length,
  };
}

/** How much lies between head and tail and is not kept. */
export const leftOut = (output: Output): number => output.length - output.head.length - output.tail.length;
