import { expect, test } from 'vitest';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Part, RunningPart, StartContext } from './part.ts';
import { Supervised, type PartNews } from './supervised.ts';

/** A part whose ends and failures the test decides. */
class ScriptedPart implements Part {
  readonly name = 'Worker';
  readonly stopped: number[] = [];
  starts = 0;
  failures: string[] = [];
  end: (how: string) => void = () => {};
  hold: Promise<void> | null = null;

  async start({ signal }: StartContext): Promise<RunningPart> {
    this.starts += 1;
    await this.hold;
    signal.throwIfAborted();
    const failure = this.failures.shift();
    if (failure !== undefined) throw new Error(failure);
    const generation = this.starts;
    const exited = new Promise<string>((resolve) => {
      this.end = resolve;
    });
    const stop = async () => {
      this.stopped.push(generation);
      this.end('was killed by SIGTERM');
    };
    return { detail: `start ${generation}`, exited, stop, kill: stop };
  }
}

function supervise() {
  const part = new ScriptedPart();
  const news: PartNews[] = [];
  const supervised = new Supervised(part, (item) => news.push(item), [0, 5, 10]);
  const heard = (type: PartNews['type'], times = 1) =>
    waitFor(`${type} to be told`, () => news.filter((item) => item.type === type).length >= times);
  return { part, news, supervised, heard };
}

test('a part that ends by itself is started again, and both are told', async () => {
  const { part, news, supervised, heard } = supervise();
  await supervised.start(() => {});
  part.end('was killed by SIGKILL');
  await heard('restarted');
  expect(news).toEqual([
    { type: 'died', how: 'was killed by SIGKILL', againInMs: 0 },
    { type: 'restarted', ms: expect.any(Number), detail: 'start 2' },
  ]);
  await supervised.stop();
  expect(part.stopped).toEqual([2]);
});

test('a part that keeps ending is started again ever later', async () => {
  const { part, news, supervised, heard } = supervise();
  await supervised.start(() => {});
  for (let n = 1; n <= 4; n++) {
    part.end('exited with code 1');
    await heard('restarted', n);
  }
  await supervised.stop();
  expect(news.flatMap((item) => (item.type === 'died' ? [item.againInMs] : []))).toEqual([0, 5, 10, 10]);
});

test('a part that can not start again is told with the reason, and tried again until it can', async () => {
  const { part, news, supervised, heard } = supervise();
  await supervised.start(() => {});
  part.failures = ['the port is taken', 'the port is taken'];
  part.end('exited with code 1');
  await heard('restarted');
  expect(news.map(({ type }) => type)).toEqual(['died', 'stuck', 'stuck', 'restarted']);
  expect(news[1]).toEqual({ type: 'stuck', reason: 'the port is taken', againInMs: 5 });
  await supervised.stop();
});

test('the first start throws its reason and is not repeated', async () => {
  const { part, news, supervised } = supervise();
  part.failures = ['no disk'];
  await expect(supervised.start(() => {})).rejects.toThrow('no disk');
  expect([part.starts, news]).toEqual([1, []]);
  await supervised.stop();
});

test('a part that is stopped is not started again', async () => {
  const { part, news, supervised } = supervise();
  await supervised.start(() => {});
  await supervised.stop();
  expect([part.starts, part.stopped, news]).toEqual([1, [1], []]);
});

test('a stop while the part starts waits for it and leaves nothing running', async () => {
  const { part, supervised } = supervise();
  let release = () => {};
  part.hold = new Promise((resolve) => {
    release = resolve;
  });
  const starting = supervised.start(() => {});
  const stopping = supervised.stop();
  release();
  await expect(starting).rejects.toThrow(/abort/i);
  await stopping;
  expect(part.starts - part.stopped.length).toBe(1);
});

test('a stop while the part waits to be started again comes at once', async () => {
  const part = new ScriptedPart();
  const news: PartNews[] = [];
  const supervised = new Supervised(part, (item) => news.push(item), [3_600_000]);
  await supervised.start(() => {});
  part.end('exited with code 1');
  await waitFor('its end to be told', () => news.length > 0);
  await supervised.stop();
  expect(part.starts).toBe(1);
});
