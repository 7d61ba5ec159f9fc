/** The version that is installed where none is found: the tests run with it. */
export const installedVersion = '2.1.330';

/** What the program says of itself, as `2.1.330 (Claude Code)`; null when that is something else. */
export function versionIn(output: string): string | null {
  return /^(\d+\.\d+\.\d+) \(Claude Code\)$/m.exec(output.trim())?.[1] ?? null;
}

/**
 * Whether a version speaks as the driver understands it: of 2.1 the one that is installed, and later ones. Earlier ones
 * do not say what a turn used, and what a later 2.x or 3 says is not known.
 */
export function isKnownVersion(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [knownMajor, knownMinor, leastPatch = 0] = installedVersion.split('.').map(Number);
  return major === knownMajor && minor === knownMinor && patch >= leastPatch;
}
