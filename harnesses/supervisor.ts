import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';

/**
 * Every sandboxed command runs under a small shell script, its supervisor, in all sandboxes alike. It says how the
 * command ended and then holds still, so that what the command left behind can be counted, measured and stopped
 * before the supervisor goes too. In bubblewrap it is the first process of the PID namespace: nothing inside can kill
 * it, and the kernel kills everything inside with it.
 *
 * Its descriptors: 0 and 1 as the command's, 2 its own words to Baton, 3 the command's stderr, 4 which ends when Baton
 * lets go of it.
 */
export const supervisorDescriptors = { words: 2, stderr: 3, hold: 4 } as const;

/** What it says at the end, before the code; by it a supervisor's command line is known, too. */
export const supervisorMark = 'baton ended';

interface SupervisorOptions {
  /** Whether it is the first process of a PID namespace of its own. */
  readonly first: boolean;
}

/** The shell and its arguments that run a command under the supervisor. */
export function superviseCommand(command: readonly string[], { first }: SupervisorOptions): readonly [string, ...string[]] {
  const open = inheritedDescriptors();
  return [supervisorShell(open), '-c', supervisorScript(first, open), 'baton', ...command];
}

function supervisorScript(first: boolean, open: readonly number[]): string {
  return [
    ...open.map((descriptor) => `exec ${descriptor}>&-`),
    'umask 022',
    // When memory runs out, the agent goes before the worker.
    '{ echo 500 >/proc/self/oom_score_adj; } 2>/dev/null',
    ...(first ? [] : processGroupScript),
    // The outer shell stays and says by which signal its child was killed; the number alone would be ambiguous.
    '( exec "$@" 2>&3 3>&- 4<&- )',
    'code=$?',
    'exec </dev/null >/dev/null 3>&-',
    String.raw`printf '\n${supervisorMark} %d\n' "$code" >&2`,
    'read -r go <&4',
    'exit "$code"',
  ].join('\n');
}

const processGroupScript = [
  // A command may signal its whole group (`kill 0`); that must not end its supervisor. A trap, unlike an ignored
  // signal, is not handed down to the command.
  'trap : HUP INT QUIT TERM USR1 USR2 ALRM',
  // When the worker is killed, nobody holds descriptor 4 any more, and the group goes with it.
  `( trap '' HUP INT QUIT TERM USR1 USR2 ALRM; read -r go <&4; kill -KILL 0 ) </dev/null >/dev/null 2>&1 3>&- &`,
  String.raw`printf 'baton watchdog %d\n' $! >&2`,
];

/** bash where descriptors above 9 must be closed, which the plain shell cannot do. */
function supervisorShell(open: readonly number[]): string {
  return open.some((descriptor) => descriptor > 9) && existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
}

const closeOnExec = 0o2000000;

/**
 * Descriptors that whoever started this process left open for all that it starts. Those below the supervisor's own
 * are taken by these; the others would reach into the sandbox. They are there from the start on, and looked for once.
 */
function inheritedDescriptors(): readonly number[] {
  inherited ??= findInherited();
  return inherited;
}

let inherited: readonly number[] | null = null;

function findInherited(): number[] {
  const lowest = Math.max(...Object.values(supervisorDescriptors)) + 1;
  const highest = existsSync('/bin/bash') ? Number.MAX_SAFE_INTEGER : 9;
  try {
    const descriptors = readdirSync('/proc/self/fdinfo').map(Number);
    return descriptors.filter((descriptor) => descriptor >= lowest && descriptor <= highest && staysOpen(descriptor));
  } catch {
    return [];
  }
}

function staysOpen(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // The descriptor of the listing itself, closed by now.
    return false;
  }
}

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** What the supervisor has said so far. */
export class SupervisorWords {
  #text = '';
  #attentive: (() => void)[] = [];
  #silent = false;

  /** Takes what comes over a stream, until its end. */
  listen(stream: Readable): void {
    stream.setEncoding('utf8').on('data', (text: string) => this.take(text));
    stream.once('close', () => {
      this.#silent = true;
      this.#tellAttentive();
    });
  }

  take(text: string): void {
    // Nothing that it has to say is long.
    if (this.#text.length < 64 * 1024) this.#text += text;
    this.#tellAttentive();
  }

  #tellAttentive(): void {
    const attentive = this.#attentive;
    this.#attentive = [];
    for (const look of attentive) look();
  }

  /** Resolves once `find` finds something in what was said, or with null when nothing more will be. */
  async heard<T>(find: () => T | null): Promise<T | null> {
    let found = find();
    while (found === null && !this.#silent) {
      await new Promise<void>((resolve) => this.#attentive.push(resolve));
      found = find();
    }
    return found;
  }

  /** Resolves once nobody is left to speak. */
  async silent(): Promise<void> {
    await this.heard(() => null);
  }

  /** How the command ended; null while it has not. */
  end(): CommandEnd | null {
    const match = /^([^]*?)\nbaton ended (\d+)\n/.exec(this.#text);
    if (!match) return null;
    const [, before = '', digits] = match;
    const code = Number(digits);
    // 128 + n is a signal only when the shell said so: a command may exit with that number, too.
    const said = before.replace(/^baton watchdog \d+$/m, '').trim() !== '';
    const signal = said ? signalName(code - 128) : null;
    return signal ? { exitCode: null, signal } : { exitCode: code, signal: null };
  }

  /** The watchdog's pid, in a process group. */
  watchdog(): number | null {
    const digits = /^baton watchdog (\d+)$/m.exec(this.#text)?.[1];
    return digits === undefined ? null : Number(digits);
  }

  /** Everything it said, in one line. */
  all(): string {
    return this.#text.trim().replaceAll(/\s+/g, ' ');
  }
}

/** The name of a signal by its number on this system, such as SIGKILL; null when there is none. */
export function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
