import { describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '../domain/events.ts';
import { agentSandboxSetting } from './agentSandboxSetting.ts';
import { runCommandItem } from './commandItem.ts';
import { makePlace, sandboxes } from './sandboxTrial.ts';
import { setupItem } from './setupItem.ts';

// Many processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

describe.each(sandboxes)('a setup command in %s', (_name, sandbox) => {
  it('runs in the workspace with the session’s environment, and shows as setup', async () => {
    await using place = await makePlace();
    const { workspace, home, directory: scratch } = place;
    const variables = { REGISTRY: 'the team’s' };
    const setting = await agentSandboxSetting({ sandbox, workspace, home, variables, network: false, scratch });
    const events: AgentEvent[] = [];
    const item = setupItem('# install\necho "$REGISTRY $HOME $PWD"\nfalse', setting, 10_000);
    const emit = async (event: AgentEvent): Promise<void> => void events.push(event);
    const { exit } = await runCommandItem(sandbox, item, emit, new AbortController().signal);
    expect(exit.exitCode).toBe(1);
    expect(events[0]).toMatchObject({ kind: 'SETUP', title: 'echo "$REGISTRY $HOME $PWD"' });
    expect(events[1]).toMatchObject({ text: `the team’s ${sandbox.homePath(setting)} ${sandbox.workspacePath(setting)}\n` });
  });
});
