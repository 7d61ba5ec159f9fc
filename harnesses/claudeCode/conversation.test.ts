import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePlace } from '../sandboxTrial.ts';
import { hasConversation, readConversation, writeConversation } from './conversation.ts';

const id = '0b54d1d2-6b0f-4a52-9a0e-1c2d3e4f5a6b';
const project = '.claude/projects/-workspace';

async function write(home: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, project, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
  }
}

const files = {
  [`${id}.jsonl`]: '{"type":"user"}\n',
  [`${id}/subagents/a.jsonl`]: '{"type":"assistant"}\n',
  [`${id}/tool-results/b.png`]: Buffer.from([0, 255, 128]),
  'memory/MEMORY.md': 'The tests take long.\n',
};

test('a conversation is carried into another home, for another workspace, byte for byte, and others are not', async () => {
  await using from = await makePlace();
  await using to = await makePlace();
  await write(from.home, { ...files, 'other.jsonl': 'not of this one' });
  const conversation = await readConversation(from.home, id);
  if (!conversation) throw new Error('there is none');
  await writeConversation(to.home, '/srv/my work', conversation);
  const directory = join(to.home, '.claude/projects/-srv-my-work');
  for (const [name, content] of Object.entries(files)) {
    expect(readFileSync(join(directory, name))).toEqual(Buffer.from(content));
  }
  expect(readdirSync(directory).sort()).toEqual([id, `${id}.jsonl`, 'memory'].sort());
  expect(await hasConversation(to.home, id)).toBe(true);
});

test('there is none before the first turn', async () => {
  await using place = await makePlace();
  expect(await readConversation(place.home, id)).toBeNull();
});

test('no link in the agent’s home is followed, neither to read nor to write', async () => {
  await using place = await makePlace();
  await using other = await makePlace();
  const secret = join(other.home, 'secret');
  await writeFile(secret, 'of the host');
  await write(place.home, { [`${id}.jsonl`]: '{}\n' });
  await symlink(secret, join(place.home, project, 'linked.jsonl'));
  await symlink(other.home, join(place.home, project, id));
  const conversation = await readConversation(place.home, id);
  expect(Buffer.from(conversation?.content ?? []).toString()).not.toContain('of the host');
  if (!conversation) throw new Error('there is none');

  await using next = await makePlace();
  await symlink(other.workspace, join(next.home, '.claude'));
  await expect(writeConversation(next.home, '/workspace', conversation)).rejects.toMatchObject({
    failure: { code: 'AGENT_FAILED' },
  });
  await using last = await makePlace();
  await mkdir(join(last.home, project), { recursive: true });
  await symlink(secret, join(last.home, project, `${id}.jsonl`));
  await writeConversation(last.home, '/workspace', conversation);
  expect(readFileSync(secret, 'utf8')).toBe('of the host');
  expect(readdirSync(other.workspace)).toEqual([]);

  await using linked = await makePlace();
  await mkdir(join(linked.home, '.claude'));
  await symlink(join(place.home, '.claude/projects'), join(linked.home, '.claude/projects'));
  expect(await readConversation(linked.home, id)).toBeNull();
});

test.each([
  ['of another form', { format: 'claude-code/9', conversationId: id, content: Buffer.from('{"files":[]}') }],
  ['damaged', { format: 'claude-code/1', conversationId: id, content: Buffer.from('{"files":') }],
  ['of another id', { format: 'claude-code/1', conversationId: '../x', content: Buffer.from('{"files":[]}') }],
  [
    'with a way out',
    { format: 'claude-code/1', conversationId: id, content: Buffer.from('{"files":[{"path":"../../../out","text":""}]}') },
  ],
])('a conversation %s is refused with a code', async (_name, conversation) => {
  await using place = await makePlace();
  await expect(writeConversation(place.home, '/workspace', conversation)).rejects.toMatchObject({
    failure: { code: 'AGENT_FAILED', message: expect.stringContaining('cannot be read') },
  });
  expect(existsSync(join(place.home, 'out'))).toBe(false);
});
