import { z } from 'zod';

/** Settings that a process cannot start with. Its message is for the person who set them. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/**
 * Reads settings from the environment, which nothing else in the project reads.
 * An empty variable counts as not set. Throws ConfigError that names every variable that is wrong.
 */
export function readConfig<T extends z.ZodType>(schema: T, environment: NodeJS.ProcessEnv = process.env): z.output<T> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`These settings are missing or wrong:\n${problems.join('\n')}\nSee docs/configuration.md.`);
}

export const port = z.coerce.number().int().min(0).max(65_535);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
