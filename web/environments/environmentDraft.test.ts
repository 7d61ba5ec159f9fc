import { describe, expect, test } from 'vitest';
import { inputOf, nameFrom, noEnvironment } from './environmentDraft.ts';

describe('a draft of an environment', () => {
  test('is named after its first repository when it has no name', () => {
    expect(
      ['https://git.example/team/payments-api.git', 'git@git.example:team/ledger', '/srv/repos/docs/'].map(nameFrom),
    ).toEqual(['payments-api', 'ledger', 'docs']);
  });

  test('sends commands and variables line by line, and leaves out what is empty', () => {
    const result = inputOf({
      ...noEnvironment,
      repositories: [
        { url: ' /srv/ledger ', branch: '', path: '' },
        { url: '', branch: 'x', path: '' },
      ],
      setup: 'npm ci\n\n  npm run build ',
      variables: 'TOKEN=a=b\n',
    });
    expect(result).toEqual({
      ok: true,
      input: {
        name: 'ledger',
        repositories: [{ url: '/srv/ledger' }],
        setupCommands: ['npm ci', 'npm run build'],
        variables: [{ name: 'TOKEN', value: 'a=b' }],
      },
    });
  });

  test('says which field is wrong', () => {
    expect(inputOf(noEnvironment)).toMatchObject({ ok: false, field: 'repositories' });
    const draft = { ...noEnvironment, repositories: [{ url: '/r', branch: '', path: '' }], variables: '1X=2' };
    expect(inputOf(draft)).toMatchObject({ ok: false, field: 'variables' });
  });
});
