import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import type { AgentEvent, ItemChunk, ItemEnded } from '../domain/events.ts';
import { FailureError } from '../domain/failure.ts';
import { limits } from '../domain/limits.ts';
import { runCommandItem, type CommandItem } from './commandItem.ts';
import { bubblewraps, makePlace, processesWith, sandboxes, uniqueSeconds, until, type Place } from './sandboxTrial.ts';
import { shell } from './shell.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

/** What a command told the transcript. */
class Transcript {
  readonly events: AgentEvent[] = [];
  readonly emit = async (event: AgentEvent): Promise<void> => {
    this.events.push(event);
  };
  chunks(): ItemChunk[] {
    return this.events.filter((event) => event.type === 'item.chunk');
  }
  text(): string {
    return this.chunks()
      .map(({ text }) => text)
      .join('');
  }
  ended(): ItemEnded {
    const last = this.events.at(-1);
    if (last?.type !== 'item.ended') throw new Error(`the last event is ${last?.type}`);
    return last;
  }
}

class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

const never = new AbortController().signal;

async function emitStale(event: AgentEvent): Promise<void> {
  if (event.type === 'item.chunk') throw new Error('the session is stale');
}

function item(place: Place, source: string, more: Partial<CommandItem> = {}): CommandItem {
  return { kind: 'COMMAND', title: 'a test', command: [shell, '-c', source], setting: place.setting, timeoutMs: 60_000, ...more };
}

describe.each(sandboxes)('a command in %s', (_name, sandbox) => {
  it('is an item that starts, brings its output and ends with its length and hash', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const source = 'echo one; echo two >&2; exit 4';
    const { reason, exit } = await runCommandItem(sandbox, item(place, source, { kind: 'SETUP' }), transcript.emit, never);
    expect(reason).toBe('ENDED');
    expect(exit.exitCode).toBe(4);
    const [started, ...rest] = transcript.events;
    expect(started).toEqual({ type: 'item.started', itemId: expect.any(String), kind: 'SETUP', title: 'a test' });
    const { itemId } = transcript.ended();
    expect(rest.every((event) => 'itemId' in event && event.itemId === itemId)).toBe(true);
    const of = (stream: string): string =>
      transcript
        .chunks()
        .filter((chunk) => chunk.stream === stream)
        .map(({ text }) => text)
        .join('');
    expect(of('STDOUT')).toBe('one\n');
    expect(of('STDERR')).toBe('two\n');
    expect(transcript.ended()).toMatchObject({
      status: 'FAILED',
      exitCode: 4,
      signal: null,
      bytes: 8,
      sha256: createHash('sha256').update(transcript.text()).digest('hex'),
      omittedBytes: 0,
      tookMs: expect.any(Number),
    });
  });

  it('brings its output while it still runs', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const emit = async (event: AgentEvent): Promise<void> => {
      await transcript.emit(event);
      // The command waits for a file that is written only once its first line has come.
      if (event.type === 'item.chunk' && event.text.includes('first')) await touchSeen(place);
    };
    const source = 'echo first; until test -e seen; do sleep 0.01; done; echo second';
    await runCommandItem(sandbox, item(place, source, { timeoutMs: 5000 }), emit, never);
    expect(transcript.text()).toBe('first\nsecond\n');
    expect(transcript.ended().status).toBe('OK');
  });

  it('keeps its two streams in order when they are apart in time', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const source = 'for i in 1 2 3 4 5; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done';
    await runCommandItem(sandbox, item(place, source), transcript.emit, never);
    expect(transcript.text()).toBe([1, 2, 3, 4, 5].map((i) => `out ${i}\nerr ${i}\n`).join(''));
  });

  it('may write a character in parts, NULs and what is no UTF-8', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const source = String.raw`printf '\342\202'; sleep 0.05; printf '\254 a\000b \377 \303'`;
    await runCommandItem(sandbox, item(place, source), transcript.emit, never);
    expect(transcript.text()).toBe('€ a�b � �');
    expect(transcript.ended().bytes).toBe(Buffer.byteLength('€ a�b � �'));
  });

  it('may write 50 MB: the middle is left out and told, and memory does not grow with it', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const total = 50_000_000;
    const before = process.memoryUsage().rss;
    let peak = before;
    let kept = 0;
    const emit = async (event: AgentEvent): Promise<void> => {
      peak = Math.max(peak, process.memoryUsage().rss);
      if (event.type !== 'item.chunk') return transcript.emit(event);
      expect(Buffer.byteLength(event.text)).toBeLessThanOrEqual(limits.chunkBytes);
      kept += Buffer.byteLength(event.text);
      return undefined;
    };
    const source = `yes 'a line of output' | head -c ${total}; echo; echo the end`;
    await runCommandItem(sandbox, item(place, source), emit, never);
    const { omittedBytes, bytes, status } = transcript.ended();
    const notice = Buffer.byteLength(`\n[${omittedBytes.toLocaleString('en')} bytes of output are left out here]\n`);
    expect(status).toBe('OK');
    expect(bytes).toBe(kept);
    expect(bytes).toBeLessThan(11 * 1024 * 1024);
    expect(bytes - notice + omittedBytes).toBe(total + '\nthe end\n'.length);
    expect(peak - before).toBeLessThan(80 * 1024 * 1024);
  });

  it('waits until its output is taken', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const taken = new Gate();
    const emit = async (event: AgentEvent): Promise<void> => {
      await transcript.emit(event);
      if (event.type === 'item.chunk') await taken.opened;
    };
    // A pipe holds 64 KiB and a stream a little more: it can't come to its end before anything is taken.
    const source = `(while test ! -e go; do sleep 0.01; done); head -c 3000000 /dev/zero | tr '\\0' x; touch done`;
    const running = runCommandItem(sandbox, item(place, `echo go; touch go; ${source}`), emit, never);
    await until(() => transcript.chunks().length === 1);
    const looking = await sandbox.spawn(['sh', '-c', 'sleep 0.3; test -e done'], place.setting);
    expect((await looking.exit).exitCode).toBe(1);
    taken.open();
    await running;
    expect(transcript.ended()).toMatchObject({ status: 'OK', bytes: 3_000_003 });
  });

  it('is interrupted within a second, and so is all it started', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const seconds = uniqueSeconds();
    const abort = new AbortController();
    let began = 0;
    const emit = async (event: AgentEvent): Promise<void> => {
      await transcript.emit(event);
      if (event.type === 'item.chunk') {
        began = performance.now();
        abort.abort();
      }
    };
    const source = `setsid sleep ${seconds} & sleep ${seconds} & echo ready; wait`;
    const { reason, exit } = await runCommandItem(sandbox, item(place, source), emit, abort.signal);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(reason).toBe('ABORTED');
    expect(exit).toMatchObject({ signal: 'SIGTERM' });
    expect(transcript.ended()).toMatchObject({ status: 'CANCELED', exitCode: null, signal: 'SIGTERM' });
    expect(processesWith(seconds)).toEqual([]);
  });

  it('is not started when it is interrupted before', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const { reason } = await runCommandItem(sandbox, item(place, 'echo started'), transcript.emit, AbortSignal.abort());
    expect(reason).toBe('ABORTED');
    expect(transcript.events.map(({ type }) => type)).toEqual(['item.started', 'item.ended']);
  });

  it('is stopped when its time is over, also when it ignores SIGTERM', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const seconds = uniqueSeconds();
    const source = `trap '' TERM; sleep ${seconds} & echo ready; while :; do sleep 0.01; done`;
    const began = performance.now();
    const { reason, exit } = await runCommandItem(sandbox, item(place, source, { timeoutMs: 200 }), transcript.emit, never);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(reason).toBe('TIMED_OUT');
    expect(exit.signal).toBe('SIGKILL');
    expect(transcript.ended()).toMatchObject({ status: 'FAILED', signal: 'SIGKILL' });
    expect(processesWith(seconds)).toEqual([]);
  });

  it('is stopped when the transcript fails, and the error is the transcript’s', async () => {
    await using place = await makePlace();
    const seconds = uniqueSeconds();
    const source = `trap '' TERM; sleep ${seconds} & while :; do echo more; done`;
    await expect(runCommandItem(sandbox, item(place, source), emitStale, never)).rejects.toThrow('the session is stale');
    expect(processesWith(seconds)).toEqual([]);
  });
});

async function touchSeen(place: Place): Promise<void> {
  await writeFile(`${place.workspace}/seen`, '');
}

describe.each(bubblewraps.slice(0, 1))('a command that %s cannot start', (_name, sandbox) => {
  it('ends its item as failed, and the failure is told', async () => {
    await using place = await makePlace();
    const transcript = new Transcript();
    const setting = { ...place.setting, home: `${place.home}-gone` };
    const running = runCommandItem(sandbox, item(place, 'true', { setting }), transcript.emit, never);
    await expect(running).rejects.toThrow(FailureError);
    expect(transcript.ended()).toMatchObject({ status: 'FAILED', exitCode: null, signal: null, bytes: 0 });
  });
});

describe('a process that nobody finds and that holds the output', () => {
  it('does not keep the command from ending', async () => {
    await using place = await makePlace();
    const group = sandboxes.at(-1)?.[1];
    if (!group) throw new Error('there is no process group');
    const transcript = new Transcript();
    const seconds = uniqueSeconds();
    // Without its environment, without its parent, in a session of its own: the process group loses it.
    const source = `( env -i setsid sh -c 'sleep ${seconds} & exit' & wait ); until grep -qszx '[9]${seconds.slice(1)}' /proc/[0-9]*/cmdline; do :; done; echo out`;
    try {
      const { exit } = await runCommandItem(group, item(place, source), transcript.emit, never);
      expect(exit.exitCode).toBe(0);
      expect(transcript.text()).toBe('out\n');
      expect(transcript.ended().status).toBe('OK');
    } finally {
      for (const pid of processesWith(seconds)) process.kill(pid, 'SIGKILL');
    }
  });
});
