import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fault } from './fault.ts';
import { ConfigError, list } from './read.ts';

/** What gateway and worker both need: the database, Temporal, the blobs and their key, and how to log. */
export const shared = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe('The PostgreSQL database.'),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233').describe('The Temporal frontend, host:port.'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('The Temporal namespace.'),
  BATON_TASK_QUEUE: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('baton')
    .describe('The task queue that workers poll; the others are named after it.'),
  BATON_BLOBS: z
    .string()
    .describe('The blob store: a directory, or s3://bucket/prefix?region=…&endpoint=… for S3 and what speaks its protocol.'),
  BATON_MASTER_KEY: z.string().optional().describe('The key that blobs and secrets are encrypted under: 32 bytes in base64.'),
  BATON_MASTER_KEY_FILE: z.string().optional().describe('A file that holds the key, instead of BATON_MASTER_KEY.'),
  BATON_PREVIOUS_MASTER_KEYS: list
    .optional()
    .describe('Keys of before, comma-separated: what was encrypted under them is still read.'),
  BATON_PREVIOUS_MASTER_KEYS_FILE: z.string().optional().describe('A file that holds them, one per line, instead.'),
  BATON_START_DEADLINE_HOURS: z.coerce
    .number()
    .positive()
    .default(24)
    .describe('How long a run may wait for a worker before it fails.'),
  BATON_INTERNAL_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address of the internal ports, which are for whoever runs the process.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().describe('The OTLP/HTTP receiver of traces; none are sent when not set.'),
  BATON_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What is logged to standard output.'),
  ...fault,
};

/** The key that is encrypted under, and those that are only decrypted with. 32 bytes each. */
export interface MasterKeys {
  readonly masterKey: Buffer;
  readonly previousKeys: readonly Buffer[];
}

export interface MasterKeySettings {
  readonly BATON_MASTER_KEY?: string | undefined;
  readonly BATON_MASTER_KEY_FILE?: string | undefined;
  readonly BATON_PREVIOUS_MASTER_KEYS?: readonly string[] | undefined;
  readonly BATON_PREVIOUS_MASTER_KEYS_FILE?: string | undefined;
}

/** The master keys, from variables or files. Throws ConfigError when there is none or one is not 32 bytes. */
export function readMasterKeys(config: MasterKeySettings): MasterKeys {
  const text = config.BATON_MASTER_KEY ?? (config.BATON_MASTER_KEY_FILE && readFileSync(config.BATON_MASTER_KEY_FILE, 'utf8'));
  if (!text)
    throw new ConfigError('Set BATON_MASTER_KEY or BATON_MASTER_KEY_FILE: 32 random bytes in base64 (openssl rand -base64 32).');
  const file = config.BATON_PREVIOUS_MASTER_KEYS_FILE;
  const previous = config.BATON_PREVIOUS_MASTER_KEYS ?? (file === undefined ? [] : readFileSync(file, 'utf8').split('\n'));
  return {
    masterKey: keyIn(text, 'The master key'),
    previousKeys: previous.filter((line) => line.trim() !== '').map((line) => keyIn(line, 'A previous master key')),
  };
}

function keyIn(text: string, what: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32) throw new ConfigError(`${what} has ${key.length} bytes, not 32. Make one with: openssl rand -base64 32`);
  return key;
}

/** The texts of all keys in the settings, which no log may show. */
export const masterKeyTexts = (config: MasterKeySettings): (string | undefined)[] => [
  config.BATON_MASTER_KEY,
  ...(config.BATON_PREVIOUS_MASTER_KEYS ?? []),
];
