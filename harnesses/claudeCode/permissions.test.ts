import { expect, test } from 'vitest';
import { askAlways, type Permissions } from '../../domain/permissions.ts';
import type { PromptAnswer } from '../../domain/prompt.ts';
import type { Ask } from '../harness.ts';
import { PermissionDesk } from './permissions.ts';

const never = new AbortController().signal;

/** A desk, the answers that people give there one after another, and what they were asked. */
function open(permissions: Permissions, ...answers: (PromptAnswer | null)[]) {
  const desk = new PermissionDesk(permissions);
  const asked: Parameters<Ask>[0][] = [];
  const ask: Ask = async (question) => {
    asked.push(question);
    return answers.shift() ?? null;
  };
  const decide = (tool_name: string, input: Record<string, unknown>) =>
    desk.decide({ type: 'control_request', request_id: 'r', request: { subtype: 'can_use_tool', tool_name, input } }, ask, never);
  return { asked, decide };
}

const option = (optionId: string, text: string | null = null): PromptAnswer => ({ optionId, text });

test('a person is asked for each call, sees what it is, and may deny it with a word', async () => {
  const { asked, decide } = open(askAlways, option('allow'), option('deny', 'use pnpm'), null);
  expect(await decide('Bash', { command: 'npm i' })).toEqual({ behavior: 'allow', updatedInput: { command: 'npm i' } });
  expect(await decide('Bash', { command: 'npm i' })).toEqual({
    behavior: 'deny',
    message: 'The person denied this and said: use pnpm',
  });
  expect(await decide('WebFetch', { url: 'https://example.org' })).toMatchObject({ behavior: 'deny' });
  expect(asked.map(({ question }) => question)).toEqual(['npm i', 'npm i', 'WebFetch\n\n{\n  "url": "https://example.org"\n}']);
});

test('a tool that was allowed for the session is not asked for again, another one is', async () => {
  const { asked, decide } = open(askAlways, option('session'), option('deny'));
  for (const command of ['one', 'two']) expect(await decide('Bash', { command })).toMatchObject({ behavior: 'allow' });
  expect(await decide('WebFetch', {})).toEqual({ behavior: 'deny', message: 'The person denied this.' });
  expect(asked).toHaveLength(2);
});

test('the environment’s policy comes before people, but not where the agent has a question', async () => {
  const list = open({ mode: 'ALLOW_LIST', allowedCommands: ['npm test'] });
  expect(await list.decide('Bash', { command: 'npm test -- --run' })).toMatchObject({ behavior: 'allow' });
  expect(await list.decide('Bash', { command: 'npm test; rm -rf /' })).toMatchObject({ behavior: 'deny' });
  const all = open({ mode: 'ALLOW_ALL', allowedCommands: [] }, option('0'), { optionId: null, text: 'neither' });
  expect(await all.decide('Bash', { command: 'anything' })).toMatchObject({ behavior: 'allow' });
  const questions = ['Tabs?', 'Why?'].map((question) => ({ question, options: [{ label: 'Yes' }] }));
  expect(await all.decide('AskUserQuestion', { questions })).toEqual({
    behavior: 'allow',
    updatedInput: { questions, answers: { 'Tabs?': 'Yes', 'Why?': 'neither' } },
  });
  expect(all.asked).toHaveLength(2);
});
