import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** How scripts and the command line reach the gateway as the local owner. */
export interface GatewayFile {
  readonly url: string;
  readonly token: string;
}

const schema = z.object({ url: z.url(), token: z.string().min(1) });

/** Reads the file; null when it is missing or damaged. */
export async function readGatewayFile(file: string): Promise<GatewayFile | null> {
  try {
    const result = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return result.success ? result.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes the file, readable by its owner only, in one step. */
export async function writeGatewayFile(file: string, content: GatewayFile): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
