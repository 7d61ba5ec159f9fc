import { describe, expect, test } from 'vitest';
import { nameOfRemote } from '../format/remote.ts';
import { inputOf, noEnvironment, noRepository } from './environmentDraft.ts';

describe('a draft of an environment', () => {
  test('is named after its first repository when it has no name', () => {
    expect(
      ['https://git.example/team/payments-api.git', 'git@git.example:team/ledger', '/srv/repos/docs/'].map(nameOfRemote),
    ).toEqual(['payments-api', 'ledger', 'docs']);
  });

  test('sends commands and variables line by line, and leaves out what is empty', () => {
    const result = inputOf({
      ...noEnvironment,
      repositories: [
        { ...noRepository, url: ' /srv/ledger ' },
        { ...noRepository, url: '/srv/docs', push: true, ignored: '.env.local\n\nbuild/**\n' },
        { ...noRepository, branch: 'x' },
      ],
      setup: 'npm ci\n\n  npm run build ',
      variables: 'TOKEN=a=b\n',
      outside: '~/.config/tool\n\n/home/agent/notes\n',
      outsideScript: 'find ~ -name a\n',
    });
    expect(result).toEqual({
      ok: true,
      input: {
        name: 'ledger',
        repositories: [
          { url: '/srv/ledger' },
          { url: '/srv/docs', push: true, snapshot: { ignored: ['.env.local', 'build/**'] } },
        ],
        setupCommands: ['npm ci', 'npm run build'],
        variables: [{ name: 'TOKEN', value: 'a=b' }],
        outside: ['~/.config/tool', '/home/agent/notes'],
        outsideScript: 'find ~ -name a',
      },
    });
  });

  test('says which field is wrong', () => {
    expect(inputOf(noEnvironment)).toMatchObject({ ok: false, field: 'repositories' });
    const draft = { ...noEnvironment, repositories: [{ ...noRepository, url: '/r' }], variables: '1X=2' };
    expect(inputOf(draft)).toMatchObject({ ok: false, field: 'variables' });
  });
});
