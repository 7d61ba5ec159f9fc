import { GitError } from './git.ts';
import type { SideGit } from './sideRepository.ts';

const deadlineMs = 15 * 60_000;

/** Of these objects, those that git finds. */
export async function presentObjects(side: SideGit, oids: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (oids.length === 0) return [];
  const input = oids.map((oid) => `${oid}\n`).join('');
  const { stdout } = await side.run(['cat-file', '--batch-check=%(objectname)', '--buffer'], { input, signal, deadlineMs });
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(' missing'));
}

/** Of these names, which may be abbreviated ids, those that stand for one object that git finds, with its whole id. */
export async function resolveObjects(
  side: SideGit,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const input = names.map((name) => `${name}\n`).join('');
  const { stdout } = await side.run(['cat-file', '--batch-check=%(objectname)', '--buffer'], { input, signal, deadlineMs });
  const answers = stdout.toString('latin1').split('\n');
  return new Map(names.flatMap((name, n) => (/^[0-9a-f]+$/.test(answers[n] ?? '') ? [[name, answers[n] ?? ''] as const] : [])));
}

/** Tells objects with all that they lead to from those where something is missing. What `without` leads to is taken for whole. */
export async function sortOut(
  side: SideGit,
  tips: readonly string[],
  without: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly sound: string[]; readonly broken: Set<string> }> {
  const present = (await presentObjects(side, tips, signal)).sort();
  const there = new Set(present);
  const broken = new Set(tips.filter((oid) => !there.has(oid)));
  if (present.length === 0 || (await areWhole(side, present, without, signal))) return { sound: present, broken };
  const sound: string[] = [];
  for (const oid of present) {
    if (await areWhole(side, [oid], without, signal)) sound.push(oid);
    else broken.add(oid);
  }
  return { sound, broken };
}

async function areWhole(
  side: SideGit,
  tips: readonly string[],
  without: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await side.run(['rev-list', '--objects', '--quiet', '--stdin'], { input: revisions(tips, without), signal, deadlineMs });
    return true;
  } catch (error) {
    if (error instanceof GitError && !error.timedOut) return false;
    throw error;
  }
}

/** What `rev-list --stdin` reads: from these, without those. */
export function revisions(tips: readonly string[], without: readonly string[]): string {
  return [...tips, ...without.map((oid) => `^${oid}`)].map((line) => `${line}\n`).join('');
}
