import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';

const run = promisify(execFile);

/** A repository that is made up, the same each time. */
export interface SampleRepository {
  readonly files: number;
  readonly commits: number;
  /** Of each file, about. */
  readonly fileBytes: number;
}

const filesPerFolder = 20;

/** Makes the repository with git's fast-import: text that compresses about as source code does, in nested folders. */
export async function makeSampleRepository(directory: string, sample: SampleRepository): Promise<void> {
  await mkdir(directory, { recursive: true });
  await run('git', ['init', '--quiet', '-b', 'main', directory]);
  const git = spawn('git', ['-C', directory, 'fast-import', '--quiet'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(git, 'close');
  for (const part of commits(sample)) if (!git.stdin.write(part)) await once(git.stdin, 'drain');
  git.stdin.end();
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  await run('git', ['-C', directory, 'reset', '--quiet', '--hard', 'main']);
}

/** The first commit has all files; each of the others changes a hundredth of them. */
function* commits({ files, commits: count, fileBytes }: SampleRepository): Generator<string> {
  const random = generator(1);
  for (let commit = 0; commit < count; commit++) {
    const message = `Commit ${commit}\n`;
    yield `commit refs/heads/main\ncommitter Bench <bench@localhost> ${1_700_000_000 + commit} +0000\n`;
    yield `data ${message.length}\n${message}`;
    for (let file = 0; file < files; file++) {
      if (commit > 0 && random() > 0.01) continue;
      const folder = Math.floor(file / filesPerFolder);
      const content = text(fileBytes * (0.5 + random()), random);
      yield `M 100644 inline src/${folder % 17}/part${folder}/file${file}.ts\ndata ${content.length}\n${content}\n`;
    }
    yield '\n';
  }
}

function text(bytes: number, random: () => number): string {
  let made = '';
  while (made.length < bytes) made += `${words[Math.floor(random() * words.length)]}${random() < 0.12 ? '\n' : ' '}`;
  return made;
}

/** A linear congruential generator: https://en.wikipedia.org/wiki/Linear_congruential_generator#Parameters_in_common_use */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = Array.from({ length: 4_000 }, (_, n) => `w${(((n + 1) * 2_654_435_761) % 2 ** 32).toString(36)}`);
