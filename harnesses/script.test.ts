import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { itIsAHarness } from './conformance.ts';
import type { Agent, AgentSetting, Ask, TurnResult } from './harness.ts';
import { script } from './script.ts';
import type { Sandbox } from './sandbox.ts';
import { leftBy } from './leftBy.ts';
import { bubblewraps, makePlace, processesWith, sandboxes, uniqueSeconds, until, type Place } from './sandboxTrial.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

itIsAHarness({
  harness: script,
  answers: { allow: 'yes', deny: 'no' },
  message: (deeds) =>
    deeds
      .map((deed) => {
        switch (deed.do) {
          case 'SAY':
            return `echo '${deed.text}'`;
          case 'RUN':
            return deed.command;
          case 'ASK':
            return `test "$(ask 'Run ${deed.command}?' --option yes --option no)" = no || ${deed.command}`;
          case 'WRITE':
            return `mkdir -p '${dirname(deed.path)}'; printf '%s' '${deed.content}' > '${deed.path}'`;
        }
      })
      .join('\n'),
});

const never = new AbortController().signal;

interface Session extends AsyncDisposable {
  readonly place: Place;
  readonly agent: Agent;
  readonly events: AgentEvent[];
  turn(text: string, signal?: AbortSignal): Promise<TurnResult>;
  output(): string;
}

const nobody: Ask = async () => null;

async function open(sandbox: Sandbox, { ask = nobody, ...more }: Partial<AgentSetting> & { ask?: Ask } = {}): Promise<Session> {
  const place = await makePlace();
  const { workspace, home } = place;
  const setting: AgentSetting = { sandbox, workspace, home, variables: {}, network: false, turnTimeoutMs: 60_000, ...more };
  const agent = await script.start(setting);
  const events: AgentEvent[] = [];
  let turn = 0;
  const emit = async (event: AgentEvent): Promise<void> => void events.push(event);
  return {
    place,
    agent,
    events,
    turn: (text, signal = never) => agent.runTurn({ turn: ++turn, text }, { emit, ask }, signal),
    output: () => events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join(''),
    async [Symbol.asyncDispose]() {
      await agent.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

describe.each(sandboxes)('a script in %s', (_name, sandbox) => {
  it('runs in the workspace, completes, and says nothing before it starts', async () => {
    await using session = await open(sandbox);
    expect(session.events).toEqual([]);
    const result = await session.turn('# say it\necho hello | tee file\npwd');
    expect(result).toMatchObject({ reason: 'COMPLETED', failure: null });
    expect(session.output()).toBe(`hello\n${sandbox.workspacePath(session.place.setting)}\n`);
    expect(readFileSync(join(session.place.workspace, 'file'), 'utf8')).toBe('hello\n');
    expect(session.events[0]).toMatchObject({ type: 'item.started', kind: 'COMMAND', title: 'echo hello | tee file' });
    expect(session.events.at(-1)).toMatchObject({ type: 'item.ended', status: 'OK', exitCode: 0 });
  });

  it('asks a person with options, and gets the id of the one that was chosen', async () => {
    const questions: unknown[] = [];
    const ask: Ask = async (question) => {
      questions.push(question);
      return { optionId: 'pg', text: null };
    };
    await using session = await open(sandbox, { ask });
    const result = await session.turn(
      `answer=$(ask "Which database?" --option pg="PostgreSQL, as ever" --option my=MySQL); echo "chosen: $answer"`,
    );
    expect(result.reason).toBe('COMPLETED');
    expect(session.output()).toBe('chosen: pg\n');
    const options = [
      { id: 'pg', label: 'PostgreSQL, as ever' },
      { id: 'my', label: 'MySQL' },
    ];
    expect(questions).toEqual([{ kind: 'QUESTION', question: 'Which database?', options, freeText: false }]);
  });

  it('asks a person for a text, several lines of it, whatever is in it', async () => {
    const text = 'first "line"\n$HOME `id` \\n second';
    await using session = await open(sandbox, { ask: async ({ freeText }) => ({ optionId: null, text: freeText ? text : '' }) });
    await session.turn('ask "What else?" > said; cat said');
    expect(session.output()).toBe(`${text}\n`);
  });

  it('is told when nobody answers, and when a question cannot be asked', async () => {
    await using session = await open(sandbox);
    await session.turn(
      'exec 2>&1; ask "Anyone?"; echo "status $?"; ask "x" --option ""; echo "status $?"; ask; echo "status $?"',
    );
    expect(session.output()).toMatch(/nobody answered\nstatus 3\n/);
    expect(session.output()).toMatch(/an option is written ID=LABEL.*\nstatus 2\n/);
    expect(session.output()).toMatch(/usage: ask[\s\S]*status 2\n$/);
  });

  it('is not hurried while it asks: the turn’s time stands still', async () => {
    const ask: Ask = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return { optionId: null, text: 'late' };
    };
    await using session = await open(sandbox, { ask, turnTimeoutMs: 1_200 });
    expect((await session.turn('ask "Slow?"')).reason).toBe('COMPLETED');
    expect(session.output()).toBe('late\n');
  });

  it('can be interrupted while it asks', async () => {
    const controller = new AbortController();
    const ask: Ask = (_question, gone) => {
      controller.abort();
      return new Promise((resolve) => gone.addEventListener('abort', () => resolve(null)));
    };
    await using session = await open(sandbox, { ask });
    expect((await session.turn('ask "Wait?"; echo after', controller.signal)).reason).toBe('INTERRUPTED');
    expect(session.output()).not.toContain('after');
  });

  it('tells what it used', async () => {
    await using session = await open(sandbox);
    const { usage } = await session.turn('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done');
    expect(usage.cpuMs).toBeGreaterThan(20);
    expect(usage.wallMs).toBeGreaterThan(20);
    expect(usage.peakMemoryBytes).toBeGreaterThan(500_000);
    expect(usage).toMatchObject({ inputTokens: 0, outputTokens: 0, costMicros: 0 });
  });

  it('that fails is a failed turn, and the next turn runs all the same', async () => {
    await using session = await open(sandbox);
    expect(await session.turn('exit 3')).toMatchObject({
      reason: 'FAILED',
      failure: { code: 'SCRIPT_FAILED', origin: 'USER', message: 'The script exited with 3.' },
    });
    expect((await session.turn('kill -9 $$')).failure?.message).toBe('The script was killed by SIGKILL.');
    expect((await session.turn('true')).reason).toBe('COMPLETED');
  });

  it('finds what earlier turns left in the workspace, the home and the directory for temporary files', async () => {
    await using session = await open(sandbox);
    await session.turn('echo w >file; echo h >~/file; echo t >"${TMPDIR:-/tmp}/file"');
    await session.turn('cat file ~/file "${TMPDIR:-/tmp}/file"');
    expect(session.output()).toBe('w\nh\nt\n');
  });

  it('has the environment’s variables over what any program expects', async () => {
    await using session = await open(sandbox, { variables: { BATON_RUN_ID: 'run_1', LANG: 'C', HOME: '/elsewhere' } });
    await session.turn('echo "$BATON_RUN_ID $LANG $HOME $USER $TERM"; command -v git');
    const home = sandbox.homePath(session.place.setting);
    expect(session.output()).toBe(`run_1 C ${home} agent dumb\n${'/usr/bin/git\n'}`);
  });

  it('has an empty stdin', async () => {
    await using session = await open(sandbox);
    expect((await session.turn('cat; cat /dev/stdin; read -r x || echo nothing')).reason).toBe('COMPLETED');
    expect(session.output()).toBe('nothing\n');
  });

  it('may be as large as a message', async () => {
    await using session = await open(sandbox);
    const last = '\necho "the end of $0"\n';
    const line = `# ${'a comment that fills '.repeat(4)}\n`;
    const whole = `${line.repeat(5000).slice(0, limits.messageBytes - last.length)}${last}`;
    expect(Buffer.byteLength(whole)).toBe(limits.messageBytes);
    expect((await session.turn(whole)).reason).toBe('COMPLETED');
    expect(session.output()).toMatch(/^the end of \/.*script/);
  });

  it('is run by the interpreter that it names', async () => {
    await using session = await open(sandbox);
    await session.turn('#!/usr/bin/env -S awk -f\nBEGIN { print 6 * 7 }');
    expect(session.output()).toBe('42\n');
    expect((await session.turn('#!/no/such/program\n')).failure?.message).toBe('The script exited with 127.');
  });

  it('that was written on Windows runs', async () => {
    await using session = await open(sandbox);
    await session.turn('if true; then\r\n  echo yes\r\nfi\r\n');
    expect(session.output()).toBe('yes\n');
  });

  it('leaves nothing running, and the transcript says how many processes were stopped', async () => {
    await using session = await open(sandbox);
    const seconds = uniqueSeconds();
    const result = await session.turn(`sleep ${seconds} & setsid sleep ${seconds} & nohup sleep ${seconds} >/dev/null 2>&1 &`);
    expect(result.reason).toBe('COMPLETED');
    expect(processesWith(seconds)).toEqual([]);
    expect(session.events.at(-1)).toEqual({
      type: 'notice',
      level: 'WARNING',
      code: 'PROCESSES_STOPPED',
      message: '3 processes that the script had left running were stopped at the end of the turn.',
    });
  });

  it('can be interrupted, and then the next turn runs', async () => {
    await using session = await open(sandbox);
    const seconds = uniqueSeconds();
    const abort = new AbortController();
    const turn = session.turn(`echo ready; sleep ${seconds}`, abort.signal);
    await until(() => session.output() === 'ready\n');
    const began = performance.now();
    abort.abort();
    expect(await turn).toMatchObject({ reason: 'INTERRUPTED', failure: null });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(processesWith(seconds)).toEqual([]);
    expect(session.events.some(({ type }) => type === 'notice')).toBe(false);
    expect((await session.turn('true')).reason).toBe('COMPLETED');
    expect((await session.turn('true', AbortSignal.abort())).reason).toBe('INTERRUPTED');
  });

  it('that takes too long is stopped and fails', async () => {
    await using session = await open(sandbox, { turnTimeoutMs: 150 });
    const result = await session.turn('sleep 1000');
    expect(result).toMatchObject({ reason: 'FAILED', failure: { code: 'TURN_TIMED_OUT' } });
    expect(result.failure?.message).toMatch(/^The script ran longer than \d+ second/);
  });

  it('closing stops a turn that still runs, and says how many processes it had', async () => {
    await using session = await open(sandbox);
    const seconds = uniqueSeconds();
    const turn = session.turn(`sleep ${seconds} & echo ready; sleep ${seconds}`);
    await until(() => processesWith(seconds).length === 2);
    const { stopped } = await session.agent.close();
    expect(stopped).toBe(3);
    expect(processesWith(seconds)).toEqual([]);
    expect((await turn).reason).toBe('INTERRUPTED');
    await expect(session.turn('true')).rejects.toThrow('the agent is closed');
    expect(await session.agent.close()).toEqual({ stopped: 0 });
  });

  it('two turns at once are a mistake', async () => {
    await using session = await open(sandbox);
    const first = session.turn('sleep 0.2');
    await expect(session.turn('true')).rejects.toThrow('running already');
    expect((await first).reason).toBe('COMPLETED');
  });

  it('leaves the session’s scratch directory as empty as it was, and no directory of its own', async () => {
    await using place = await makePlace();
    const scratch = join(place.directory, 'scratch');
    await mkdir(scratch);
    const session = await open(sandbox, { scratch });
    await session.turn('mktemp -d >/dev/null');
    await session[Symbol.asyncDispose]();
    expect(readdirSync(scratch)).toEqual([]);
    const left = await leftBy(place, async () => {
      await using own = await open(sandbox);
      await own.turn('mkdir -p "${TMPDIR:-/tmp}/closed/inside" && chmod 000 "${TMPDIR:-/tmp}/closed"');
    });
    // The session's place lies there, too, and goes with it.
    expect(left).toEqual([]);
  });
});

describe.each(bubblewraps)('a script in %s', (_name, sandbox) => {
  it('sees its own text, and can’t change it', async () => {
    await using session = await open(sandbox);
    await session.turn('echo "$0"; echo changed >"$0"; no-such-command');
    expect(session.output()).toContain('/run/baton/script\n');
    expect(session.output()).toMatch(/\/run\/baton\/script: line 1: .*Read-only file system/);
    expect(session.output()).toMatch(/\/run\/baton\/script: line 1: no-such-command: command not found/);
  });

  it('that can’t be started is a failed turn', async () => {
    await using place = await makePlace();
    await using session = await open(sandbox, { workspace: join(place.directory, 'gone') });
    const result = await session.turn('true');
    expect(result).toMatchObject({ reason: 'FAILED', failure: { code: 'HARNESS_UNAVAILABLE' } });
  });

  it('can’t reach what lies beside its workspace, by a link either', async () => {
    await using session = await open(sandbox);
    const secret = join(session.place.directory, 'secret');
    await writeFile(secret, 'secret');
    await session.turn(`ln -s ${secret} link; cat link || echo nothing there`);
    expect(session.output()).toContain('nothing there');
    expect(existsSync(secret)).toBe(true);
  });
});
