import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { masked } from './masks.ts';

export interface LogOptions {
  readonly level: LevelWithSilent;
  /** What stands in every line: the part, the worker's name. */
  readonly base: Readonly<Record<string, string>>;
  /** Secrets of this process, such as keys and passwords, that no line may show. */
  readonly secrets: readonly (string | undefined)[];
  /** Standard output when not given. */
  readonly destination?: DestinationStream;
}

const mask = '***';
/** Shorter ones would mask half of every line. */
const shortestSecret = 6;

const patterns: readonly (readonly [RegExp, string])[] = [
  // Baton's own: server/auth/secret.ts
  [/\b(baton_(?:token|signin|link))_[\w-]+/g, `$1_${mask}`],
  // The password in an address.
  [/(\w:\/\/[^\s:/@"\\]*):[^\s@"\\]+@/g, `$1:${mask}@`],
  [/\b(Bearer|Basic) [\w.~+/=-]+/gi, `$1 ${mask}`],
  [
    /("(?:authorization|cookie|set-cookie|password|passphrase|secret|token|secretAccessKey|sessionToken)":")(?:[^"\\]|\\.)*"/gi,
    `$1${mask}"`,
  ],
];

/** A process' log: JSON lines with every secret masked, wherever in a line it stands. */
export function createLog({ level, base, secrets, destination }: LogOptions): Logger {
  const known = secrets
    .filter((secret) => secret !== undefined && secret.length >= shortestSecret)
    .flatMap((secret = '') => [...new Set([JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])]);
  const streamWrite = (line: string): string => {
    let text = line;
    for (const secret of known) text = text.replaceAll(secret, mask);
    for (const [pattern, replacement] of patterns) text = text.replace(pattern, replacement);
    return masked(text);
  };
  const options = { level, base, hooks: { streamWrite } };
  return destination ? pino(options, destination) : pino(options);
}

/** The password in an address such as a database's; undefined when there is none. */
export function passwordIn(address: string): string | undefined {
  const { password } = new URL(address);
  return password === '' ? undefined : decodeURIComponent(password);
}
