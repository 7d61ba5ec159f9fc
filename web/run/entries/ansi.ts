import Anser from 'anser';

/** A piece of output in one style. Colours are numbers 0 to 15 of the theme's own; null is the usual one. */
export interface Span {
  readonly text: string;
  readonly color: number | null;
  readonly ground: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}

const ESC = '\u001b';
const BEL = '\u0007';
/** Titles, links and other commands that draw nothing: from ESC ] to BEL or ESC \. */
const operatingSystemCommand = new RegExp(`${ESC}\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)`, 'g');
/** Moves of the cursor, erasures, modes: every CSI sequence but those that set a style. */
const control = new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-ln-~]`, 'g');
const otherEscape = new RegExp(`${ESC}[^\\[]`, 'g');
/** Control characters that have no sight, and halves of a character that was cut. */
const unseen =
  /[\u0000-\u0007\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** What a line that returns to its start shows in the end: the last thing written over it. */
function overwritten(line: string): string {
  if (!line.includes('\r') && !line.includes('\b')) return line;
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  // A program that draws by stepping back, such as a spinner, takes back one character each time.
  let text = last;
  for (let before = ''; before !== text;) {
    before = text;
    text = text.replace(/[^\u0008]\u0008/g, '');
  }
  return text.replaceAll('\b', '');
}

/** Output as lines of styled spans. Nothing in it can become markup: it stays text. */
export function styledLines(output: string): Span[][] {
  const clean = output
    .replaceAll('\r\n', '\n')
    .replace(operatingSystemCommand, '')
    .replace(control, '')
    .replace(otherEscape, '')
    .replace(unseen, '');
  const text = clean.split('\n').map(overwritten).join('\n');
  const lines: Span[][] = [[]];
  for (const piece of Anser.ansiToJson(text, { use_classes: true, json: true, remove_empty: true })) {
    const style = styleOf(piece);
    for (const [index, part] of piece.content.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push({ ...style, text: part });
    }
  }
  return lines;
}

type Piece = ReturnType<typeof Anser.ansiToJson>[number];

function styleOf(piece: Piece): Omit<Span, 'text'> {
  const has = (decoration: Piece['decorations'][number]): boolean => piece.decorations.includes(decoration);
  const color = colorOf(piece.fg, piece.fg_truecolor);
  const ground = colorOf(piece.bg, piece.bg_truecolor);
  const turned = has('reverse');
  return {
    color: turned ? ground : color,
    ground: turned ? (color ?? 7) : ground,
    bold: has('bold'),
    dim: has('dim'),
    italic: has('italic'),
    underline: has('underline'),
  };
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** The theme's colour that comes nearest: every one of the sixteen can be read on its ground, others might not. */
function colorOf(name: string | null, trueColor: string | null): number | null {
  if (!name) return null;
  const palette = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (palette !== undefined) return nearest(paletteColor(Number(palette)));
  if (name === 'ansi-truecolor') return nearest((trueColor ?? '').split(',').map(Number));
  const bright = name.startsWith('ansi-bright-');
  const index = names.indexOf(name.replace(/^ansi-(bright-)?/, ''));
  return index < 0 ? null : index + (bright ? 8 : 0);
}

/** The red, green and blue of an entry of the 256-colour palette, from 16 on. */
function paletteColor(index: number): number[] {
  if (index >= 232) return [8, 8, 8].map((base) => base + (index - 232) * 10);
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => (level === 0 ? 0 : 55 + level * 40));
}

/** By hue: of the six colours, or of the greys where there is hardly any. */
function nearest([red = 0, green = 0, blue = 0]: readonly number[]): number {
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (spread < 40) return most < 140 ? 8 : 7;
  const hue =
    most === red ? ((green - blue) / spread + 6) % 6 : most === green ? (blue - red) / spread + 2 : (red - green) / spread + 4;
  const base = [1, 3, 2, 6, 4, 5][Math.round(hue) % 6] ?? 7;
  return most > 200 ? base + 8 : base;
}
