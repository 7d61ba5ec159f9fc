import { afterAll, beforeAll, expect, test } from 'vitest';
import { ModelServer } from './modelServer.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.start();
});
afterAll(() => server.stop());

const bodies = {
  messages: { model: 'm', system: 'be kind', messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] },
  'chat/completions': {
    model: 'm',
    messages: [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hi' },
    ],
  },
  responses: { model: 'm', instructions: 'be kind', input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }] },
};
const ask = (path: string) =>
  fetch(`${server.url}/${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer a-key' },
    body: JSON.stringify(bodies[path as keyof typeof bodies]),
  });

test.each(Object.keys(bodies))('%s streams what was scripted and keeps what was asked', async (path) => {
  server.will({
    thought: 'hm',
    text: 'Hello there, this is a text of more than one piece',
    calls: [{ name: 'shell', input: { command: 'ls' } }],
  });
  const text = await (await ask(path)).text();
  expect(text).toContain('Hello there');
  expect(text).toContain('shell');
  expect(server.last).toMatchObject({ model: 'm', key: 'a-key', turns: [{ by: 'USER', text: 'hi' }] });
  expect(server.last.system).toContain('be kind');
});

test('it refuses, and breaks off, when it is told to', async () => {
  server.will({ refuse: { status: 529, retryAfterSeconds: 3 } }, { text: 'a text that is cut in the middle of it', cut: true });
  const refused = await ask('messages');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([529, '3']);
  await expect((await ask('messages')).text()).rejects.toThrow('terminated');
});
