import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseUrlOf } from '../../test/support/claudeCode.ts';
import { ModelServer } from '../../test/support/models/modelServer.ts';
import { ModelBridge, socketName } from './modelBridge.ts';

let model: ModelServer;
beforeAll(async () => {
  model = await ModelServer.start();
});
afterAll(() => model.stop());

const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
const headers = { 'x-api-key': 'none', authorization: 'Bearer none', 'content-type': 'application/json' };

function open(over: 'SOCKET' | 'LOOPBACK', baseUrl = baseUrlOf(model)): Promise<ModelBridge & AsyncDisposable> {
  return ModelBridge.open({ baseUrl, apiKey: 'the-real-key', over }).then((bridge) =>
    Object.assign(bridge, { [Symbol.asyncDispose]: () => bridge.close() }),
  );
}

test('on loopback it adds the key to a question, and streams the answer', async () => {
  await using bridge = await open('LOOPBACK');
  model.will({ text: 'an answer' });
  const response = await fetch(`${bridge.url}/v1/messages?beta=true`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('an answer');
  expect(model.last.key).toBe('the-real-key');
});

test('nobody gets through who does not know its secret path, and nothing but questions to a model does', async () => {
  await using bridge = await open('LOOPBACK');
  const { origin } = new URL(bridge.url ?? '');
  const asked = model.requests.length;
  const ask = async (url: string, method = 'POST') => (await fetch(url, { method, ...(method === 'POST' && { body }) })).status;
  expect(await ask(`${origin}/v1/messages`)).toBe(404);
  expect(await ask(`${origin}/wrong/v1/messages`)).toBe(404);
  expect(await ask(`${bridge.url}/v1/files`)).toBe(404);
  expect(await ask(`${bridge.url}/v1/messages/../files`)).toBe(404);
  expect(await ask(`${bridge.url}/v1/messages`, 'GET')).toBe(404);
  expect(model.requests.length).toBe(asked);
});

test('over a socket it needs no network', async () => {
  await using bridge = await open('SOCKET');
  expect(bridge.url).toBeNull();
  const socketPath = join(bridge.directory ?? '', socketName);
  const answer = await new Promise<string>((resolve, reject) => {
    const asking = request({ socketPath, path: '/v1/messages', method: 'POST', headers }, (response) => resolve(text(response)));
    asking.on('error', reject);
    asking.end(body);
  });
  expect(answer).toContain('Done.');
  expect(model.last.key).toBe('the-real-key');
});

test('an answer that breaks off does so for the agent too, and a model out of reach is said', async () => {
  await using bridge = await open('LOOPBACK');
  model.will({ text: 'a text that is cut in the middle of it, and goes on', cut: true });
  const response = await fetch(`${bridge.url}/v1/messages`, { method: 'POST', headers, body });
  await expect(response.text()).rejects.toThrow('terminated');
  await using nowhere = await open('LOOPBACK', 'http://127.0.0.1:9');
  const unreached = await fetch(`${nowhere.url}/v1/messages`, { method: 'POST', headers, body });
  expect([unreached.status, await unreached.text()]).toEqual([502, expect.stringContaining('cannot reach the model')]);
});
