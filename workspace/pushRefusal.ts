import { stripVTControlCharacters } from 'node:util';
import type { PushProblem } from '../domain/events.ts';
import { FailureError } from '../domain/failure.ts';
import { GitError } from './git.ts';
import { diskFull, isDiskFull, remoteFailure } from './remote.ts';
import { maskCredentials, type RepositoryUrl } from './repositoryUrl.ts';
import { ObjectsUnreadableError } from './sideRepository.ts';

/** Of what a remote says, this much is told. Characters. */
const toldCharacters = 1000;

/** A push that could not be, and the words of who knows why. */
export class PushRefused extends Error {
  readonly reason: PushProblem;
  constructor(reason: PushProblem, words: string) {
    super(words);
    this.name = 'PushRefused';
    this.reason = reason;
  }
}

const forbidden =
  /permission|authentication failed|could not read username|invalid credentials|denied|read[- ]only|not allowed|error: 40[13]\b|unable to create temporary object directory/i;

/** What git told of a ref that was not pushed, and what the remote said to it: `!`, the refs, `[rejected] (fetch first)`. */
export function refusalIn(told: string, stderr: string): PushRefused {
  const why = /\t(\[[^\t]*)$/.exec(told)?.[1] ?? 'git did not say why';
  if (why.startsWith('[rejected]')) return new PushRefused('NOT_FAST_FORWARD', why);
  const words = stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: ') || line.startsWith('error: remote unpack'))
    .map((line) => line.replace(/^remote: /, '').trimEnd())
    .filter((line) => line !== '');
  const unwritable = /unpacker error/.test(why) && forbidden.test(stderr);
  return new PushRefused(unwritable ? 'FORBIDDEN' : 'REJECTED', [why, ...words].join('\n'));
}

export interface PushTried {
  readonly url: RepositoryUrl;
  readonly branch: string;
  /** Why it was given up for want of time, if it was: its own deadline, or the worker that must stop. */
  readonly late: 'TIMED_OUT' | 'HURRIED' | null;
  readonly deadlineMs: number;
}

/** Why a push failed, for people: what happened, what was said, what to try. Throws the error when it is a defect. */
export function refusalOf(error: unknown, tried: PushTried): { readonly reason: PushProblem; readonly detail: string } {
  const { url } = tried;
  const refused = (reason: PushProblem, detail: string) => ({ reason, detail });
  if (tried.late === 'HURRIED')
    return refused('TIMED_OUT', `The push to ${url.shown} was not done when the worker had to stop. ${again}`);
  if (tried.late === 'TIMED_OUT' || (error instanceof GitError && error.timedOut)) {
    const seconds = Math.round(tried.deadlineMs / 1000);
    const time = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
    return refused(
      'TIMED_OUT',
      `The push to ${url.shown} took longer than ${time} and was stopped. Check the remote and the network. ${again}`,
    );
  }
  if (isDiskFull(error)) return refused('FAILED', `${diskFull(error).message} ${again}`);
  if (error instanceof PushRefused) return refused(error.reason, detailOf(error, tried));
  if (error instanceof ObjectsUnreadableError)
    return refused('INVALID_OBJECTS', detailOf(new PushRefused('INVALID_OBJECTS', error.message), tried));
  const failure = remoteFailure(error, url);
  if (!(failure instanceof FailureError)) throw error;
  const stderr = [failure.cause, error].find((other) => other instanceof GitError)?.stderr ?? '';
  if (forbidden.test(stderr)) return refused('FORBIDDEN', detailOf(new PushRefused('FORBIDDEN', saidIn(stderr)), tried));
  return refused('UNREACHABLE', `${failure.message} ${again}`);
}

const again = 'The commits are in the snapshot, and the end of the next session pushes them again.';

function detailOf({ reason, message }: PushRefused, { url, branch }: PushTried): string {
  const said = clean(message, url);
  switch (reason) {
    case 'NOT_FAST_FORWARD':
      return `The branch ${branch} of ${url.shown} has commits that the run’s branch has not: somebody else has pushed to it. Nothing was overwritten. Bring both together in a follow-up, or move that branch away. ${again}`;
    case 'FORBIDDEN':
      return `${url.shown} does not let this worker write: ${said}\nGive the token or key among the environment’s secrets the right to push, or turn pushing off. ${again}`;
    case 'INVALID_OBJECTS':
      return `The commits of ${branch} were not pushed to ${url.shown}, for they are damaged or incomplete: ${said}\nLook at the repository with “git fsck” in a follow-up.`;
    default:
      return `${url.shown} refused the push: ${said}\nDo what it asks for in a follow-up. ${again}`;
  }
}

const saidIn = (stderr: string): string =>
  stderr
    .split(/[\r\n]+/)
    .filter((line) => /^(fatal|error|ssh|remote):|denied|refused/i.test(line))
    .slice(-3)
    .join('\n');

/** A remote's words as people may see them: no control characters, no credentials, not too many. */
function clean(words: string, { url, shown }: RepositoryUrl): string {
  const user = url === shown ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/@]+)@/i.exec(url)?.[1];
  const secrets = user === undefined ? [] : [user, ...user.split(':')].filter((part) => part.length > 3);
  const plain = stripVTControlCharacters(words).replaceAll(/[^\P{Cc}\n\t]/gu, '');
  const masked = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), maskCredentials(plain));
  return masked.length > toldCharacters ? `${masked.slice(0, toldCharacters)} …` : masked;
}
