/** A file that the sandbox has instead of the host's, and its text. */
export interface MadeFile {
  readonly path: string;
  readonly text: string;
}

/** The user that an agent is inside, whatever the worker's own is. */
export const agentUser = { uid: 1000, gid: 1000, name: 'agent' } as const;

/** The small files of `/etc` that tell of the host's people and services; the sandbox has its own. */
export function madeFiles(uid: number, gid: number, home: string): MadeFile[] {
  const { name } = agentUser;
  const nobody = 65_534;
  return [
    {
      path: '/etc/passwd',
      text: `${name}:x:${uid}:${gid}:Baton agent:${home}:/bin/sh\nnobody:x:${nobody}:${nobody}:nobody:/nonexistent:/bin/false\n`,
    },
    { path: '/etc/group', text: `${name}:x:${gid}:\nnogroup:x:${nobody}:\n` },
    { path: '/etc/nsswitch.conf', text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
    { path: '/etc/gitconfig', text: systemGitConfig },
  ];
}

/**
 * Git's system configuration, the weakest there is: whatever the agent, the repository or the environment sets goes
 * before it. With it `git commit` works in an empty home, and git takes a workspace whose files belong to someone else.
 */
export const systemGitConfig = `[user]
\tname = Baton
\temail = baton@localhost
[safe]
\tdirectory = *
[init]
\tdefaultBranch = main
`;
