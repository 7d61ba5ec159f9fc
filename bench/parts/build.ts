import { buildStale } from '../../stack/build/build.ts';
import { projectRoot } from '../../stack/projectRoot.ts';

/** Makes the programs that the local system runs, where they are stale. */
export async function buildPrograms(progress: (text: string) => void): Promise<void> {
  await buildStale({ root: projectRoot, onStep: (step) => progress(`building ${step}`) });
}
