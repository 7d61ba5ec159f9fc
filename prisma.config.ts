import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The CLI's native schema engine is a download; this serves the same protocol from the WebAssembly build in npm,
// so that `prisma migrate` works in closed networks too. Set the variable yourself to use another engine.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(new URL('./prisma/schema-engine.mjs', import.meta.url));
process.env['CHECKPOINT_DISABLE'] ??= '1';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
