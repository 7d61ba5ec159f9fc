import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { findClaudeCode, claudeCodeWith } from '../../test/support/claudeCode.ts';
import { ModelServer } from '../../test/support/models/modelServer.ts';
import type { Reply } from '../../test/support/models/reply.ts';
import { itIsAHarness, type Deed } from '../conformance.ts';
import type { AgentSetting, Harness } from '../harness.ts';

// A process of 380 MB for each turn, on machines that may be busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 900_000 });

let model: ModelServer;
let program: string;
beforeAll(async () => {
  program = await findClaudeCode();
  model = await ModelServer.start();
});
afterAll(() => model?.stop());

/** What a user of Claude Code may set for it: all commands but `touch` are allowed. */
async function writeUserSettings(home: string): Promise<void> {
  await mkdir(join(home, '.claude'));
  const permissions = { allow: ['Bash'], ask: ['Bash(touch *)'] };
  await writeFile(join(home, '.claude/settings.json'), JSON.stringify({ permissions }));
}

/** The workspace of the agent that was started last, as it sees it. */
let workspace = '';

const harness: Harness = {
  kind: 'CLAUDE_CODE',
  async start(setting: AgentSetting) {
    await writeUserSettings(setting.home);
    workspace = setting.sandbox.workspacePath({ ...setting, network: false });
    return claudeCodeWith(model, program).start(setting);
  },
};

const bash = (command: string): Reply => ({ calls: [{ name: 'Bash', input: { command, description: 'for the test' } }] });

function replyTo(deed: Deed): Reply {
  switch (deed.do) {
    case 'SAY':
      return { text: deed.text };
    case 'RUN':
      // A sleep alone it refuses to run.
      return bash(`: go; ${deed.command}`);
    case 'ASK':
      return bash(deed.command);
    case 'WRITE':
      return { calls: [{ name: 'Write', input: { file_path: join(workspace, deed.path), content: deed.content } }] };
  }
}

const repliesTo = (deeds: readonly Deed[]): Reply[] => {
  const replies = deeds.map(replyTo);
  return deeds.at(-1)?.do === 'SAY' ? replies : [...replies, { text: 'Done.' }];
};

itIsAHarness({
  harness,
  answers: { allow: 'allow', deny: 'deny' },
  message: (deeds) => {
    model.reset();
    model.will(...repliesTo(deeds));
    return 'Please do what the test wants.';
  },
  remembered: () => model.last.turns.map(({ text }) => text).join('\n'),
  tokens: (deeds) => ({ inputTokens: 100 * repliesTo(deeds).length, outputTokens: 20 * repliesTo(deeds).length }),
});
