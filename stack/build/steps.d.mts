export interface BuildStep {
  readonly name: string;
  /** Files and directories that it reads, the first of them its entry. */
  readonly inputs: readonly string[];
  /** One file that it makes. */
  readonly output: string;
}

export const steps: readonly BuildStep[];
export function fingerprint(root: string, step: BuildStep): string;
export function stampFile(root: string, step: BuildStep): string;
export function isFresh(root: string, step: BuildStep): boolean;
