import type { LanguageFn } from 'highlight.js';
import type { createLowlight } from 'lowlight';

/** A piece of a line with the class of what it is, or none. */
export interface Token {
  readonly text: string;
  readonly kind: string | null;
}

type Load = () => Promise<{ default: LanguageFn }>;

const languages = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  go: () => import('highlight.js/lib/languages/go'),
  graphql: () => import('highlight.js/lib/languages/graphql'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  makefile: () => import('highlight.js/lib/languages/makefile'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  php: () => import('highlight.js/lib/languages/php'),
  python: () => import('highlight.js/lib/languages/python'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  scss: () => import('highlight.js/lib/languages/scss'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
} satisfies Record<string, Load>;

type Language = keyof typeof languages;

const byEnding: Readonly<Record<string, Language>> = {
  sh: 'bash',
  bash: 'bash',
  zsh: 'bash',
  c: 'c',
  h: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  css: 'css',
  go: 'go',
  graphql: 'graphql',
  gql: 'graphql',
  ini: 'ini',
  toml: 'ini',
  java: 'java',
  js: 'javascript',
  cjs: 'javascript',
  mjs: 'javascript',
  jsx: 'javascript',
  json: 'json',
  kt: 'kotlin',
  mk: 'makefile',
  md: 'markdown',
  php: 'php',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  scss: 'scss',
  sql: 'sql',
  swift: 'swift',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'typescript',
  html: 'xml',
  svg: 'xml',
  vue: 'xml',
  xml: 'xml',
  yml: 'yaml',
  yaml: 'yaml',
};

/** The language that a file's name tells; null when it tells none that is known here. */
export function languageOf(path: string): Language | null {
  const name = path.split('/').at(-1) ?? '';
  if (name === 'Dockerfile') return 'dockerfile';
  if (name === 'Makefile') return 'makefile';
  return byEnding[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? null;
}

type Lowlight = ReturnType<typeof createLowlight>;
type Node = ReturnType<Lowlight['highlight']>['children'][number];

let highlighter: Promise<Lowlight> | null = null;

/** The lines of a text in tokens. Languages are loaded when they are met; a text of an unknown one stays as it is. */
export async function highlight(path: string, text: string): Promise<Token[][]> {
  const language = languageOf(path);
  if (!language) return text.split('\n').map((line) => [{ text: line, kind: null }]);
  highlighter ??= import('lowlight').then((lowlight) => lowlight.createLowlight());
  const lowlight = await highlighter;
  if (!lowlight.registered(language)) lowlight.register(language, (await languages[language]()).default);
  const lines: Token[][] = [[]];
  for (const node of lowlight.highlight(language, text).children) collect(node, null, lines);
  return lines;
}

function collect(node: Node, kind: string | null, lines: Token[][]): void {
  if (node.type === 'text') {
    for (const [index, text] of node.value.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (text !== '') lines.at(-1)?.push({ text, kind });
    }
  } else if (node.type === 'element') {
    const classes = node.properties['className'];
    const own = Array.isArray(classes) ? String(classes[0] ?? '') : '';
    for (const child of node.children) collect(child, own.replace(/^hljs-/, '') || kind, lines);
  }
}

/** The tokens of a line, cut where ranges begin and end; those inside one are marked. */
export function markRanges(
  tokens: readonly Token[],
  ranges: readonly (readonly [number, number])[],
): readonly (Token & { readonly marked: boolean })[] {
  const cuts = [...new Set(ranges.flat())].sort((a, b) => a - b);
  const marked: (Token & { marked: boolean })[] = [];
  let at = 0;
  for (const { text, kind } of tokens) {
    const end = at + text.length;
    const edges = [at, ...cuts.filter((cut) => cut > at && cut < end), end];
    for (const [index, from] of edges.slice(0, -1).entries()) {
      const to = edges[index + 1] ?? end;
      marked.push({ text: text.slice(from - at, to - at), kind, marked: ranges.some(([a, b]) => from >= a && to <= b) });
    }
    at = end;
  }
  return marked;
}
