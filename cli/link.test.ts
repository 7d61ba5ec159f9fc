import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buildSchema, parse, validate } from 'graphql';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../stack/ports.ts';
import { Problem } from '../stack/problem.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import { createSignInLink } from './link.ts';

/** A server that answers everything with one body; what it was asked is kept. */
async function answering(body: unknown) {
  const asked: { request: IncomingMessage; text: string }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += String(part);
    asked.push({ request, text });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const link = { url: 'http://127.0.0.1:4600/sign-in?code=baton_link_x', expiresAt: '2026-01-02T03:04:05.000Z' };

test('a link is asked for as the local owner, by the mutation of the schema', async () => {
  const { url, asked } = await answering({ data: { createSignInLink: link } });
  expect(await createSignInLink({ url, token: 'baton_token_x' })).toEqual(link);
  expect(asked[0]?.request.url).toBe('/graphql');
  expect(asked[0]?.request.headers.authorization).toBe('Bearer baton_token_x');
  const schema = buildSchema(await readFile(join(projectRoot, 'schema.graphql'), 'utf8'));
  const { query } = JSON.parse(asked[0]?.text ?? '') as { query: string };
  expect(validate(schema, parse(query))).toEqual([]);
});

test.each([
  ['an error', { data: null, errors: [{ message: 'The token is not valid.' }] }, 'The token is not valid.'],
  ['an answer that is none', 'hello', 'status 200'],
])('%s is said', async (_, body, reason) => {
  const { url } = await answering(body);
  await expect(createSignInLink({ url, token: 't' })).rejects.toThrow(`The gateway at ${url} gave no link: ${reason}`);
});

test('a gateway that does not run is said, with how to start it', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const asking = createSignInLink({ url, token: 't' });
  await expect(asking).rejects.toThrow(`Baton does not answer at ${url}.\nStart it with npm start.`);
  await expect(asking).rejects.toBeInstanceOf(Problem);
});
