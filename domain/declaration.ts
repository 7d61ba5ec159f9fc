/**
 * What becomes of files that look like secrets: they are captured, captured and named, or left out and named. What is in
 * a commit travels with it in any case.
 */
export const secretPolicies = ['INCLUDE', 'WARN', 'EXCLUDE'] as const;
export type SecretFiles = (typeof secretPolicies)[number];

/** At most so many patterns or paths in one list of an environment. */
const mostLines = 100;
const mostCharacters = 1_000;

/** Why a list of an environment's patterns or paths is not acceptable; null when it is. */
export function refuseDeclared(lines: readonly string[]): string | null {
  if (lines.length > mostLines) return `At most ${mostLines} of them.`;
  for (const line of lines)
    if (line.trim() === '' || line.length > mostCharacters || /[\n\r\0]/.test(line))
      return `${JSON.stringify(line.slice(0, 100))} is not one of them: each has 1 to ${mostCharacters.toLocaleString('en')} characters on one line, and no NUL.`;
  return null;
}
