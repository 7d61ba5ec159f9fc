#!/usr/bin/env node
// Serves the protocol of Prisma's native schema engine (JSON-RPC over stdin and stdout) from its WebAssembly build,
// over `pg`. Prisma's CLI finds it through PRISMA_SCHEMA_ENGINE_BINARY, set in prisma.config.ts.
// The protocol: https://github.com/prisma/prisma-engines/tree/main/schema-engine
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const PG_TYPE_CHAR = 18; // the catalogue's one-byte "char"
const PG_TYPE_BPCHAR = 1042;

/** The engine's class, from its WebAssembly. */
async function loadWasm() {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const exports = await import(glue);
  const { instance } = await WebAssembly.instantiate(await readFile(glue.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': exports,
  });
  exports.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return exports;
}

function parseArguments(argv) {
  const parsed = { datamodels: [], datasource: {}, version: false, command: [] };
  for (let i = 0; i < argv.length; i++) {
    switch (argv[i]) {
      case '--datamodels':
        parsed.datamodels.push(argv[++i]);
        break;
      case '--datasource':
        parsed.datasource = JSON.parse(argv[++i]);
        break;
      case '--enabled-preview-features':
      case '--extension-types':
        i++;
        break;
      case '--version':
        parsed.version = true;
        break;
      default:
        parsed.command.push(argv[i]);
    }
  }
  return parsed;
}

/** `pg` takes a database name beside a URL from the URL only, so the URL is taken apart. */
function connectionOf(url, database) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const sslmode = searchParams.get('sslmode') ?? 'disable';
  return {
    host: searchParams.get('host') ?? decodeURIComponent(hostname),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: database ?? decodeURIComponent(pathname.slice(1)),
    schema: searchParams.get('schema') ?? 'public',
    ssl: ['require', 'no-verify'].includes(sslmode)
      ? { rejectUnauthorized: false }
      : sslmode.startsWith('verify')
        ? { rejectUnauthorized: true }
        : undefined,
  };
}

async function runSql(connection, sql) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

const createDatabase = (connection) =>
  runSql({ ...connection, database: 'postgres' }, `CREATE DATABASE ${pg.escapeIdentifier(connection.database)}`);

const dropDatabase = (connection, how = '') =>
  runSql(
    { ...connection, database: 'postgres' },
    `DROP DATABASE ${how} ${pg.escapeIdentifier(connection.database)} WITH (FORCE)`,
  );

/** Prisma's adapter, mended in two places that migrations need and queries do not. */
async function connectAdapter({ schema, ...connection }, onDispose) {
  const pool = new pg.Pool(connection);
  pool.on('error', () => {});
  const adapter = await new PrismaPg(pool, { schema }).connect();

  // A script goes to the server whole: split at semicolons, a function body would break.
  adapter.executeScript = async (script) => {
    const client = await pool.connect();
    try {
      await client.query(script);
    } catch (error) {
      adapter.onError(error);
    } finally {
      client.release();
    }
  };

  // The catalogue's "char" columns are refused by the adapter; the engine wants them as single characters.
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  let charColumns = [];
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    charColumns = [];
    result.fields?.forEach((field, index) => {
      if (field.dataTypeID !== PG_TYPE_CHAR) return;
      charColumns.push(index);
      field.dataTypeID = PG_TYPE_BPCHAR;
    });
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of charColumns) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };

  adapter.dispose = async () => {
    await pool.end();
    await onDispose?.();
  };
  return adapter;
}

function adapterFactory(datasource) {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connectAdapter(connectionOf(datasource.url)),
    connectToShadowDb: async () => {
      if (datasource.shadowDatabaseUrl) {
        const shadow = connectionOf(datasource.shadowDatabaseUrl);
        const schema = pg.escapeIdentifier(shadow.schema);
        await runSql(shadow, `DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
        return connectAdapter(shadow);
      }
      const shadow = connectionOf(datasource.url, `prisma_migrate_shadow_db_${randomUUID()}`);
      await createDatabase(shadow);
      return connectAdapter(shadow, () => dropDatabase(shadow, 'IF EXISTS'));
    },
  };
}

/** Prisma's code for a driver's or the server's error code: https://www.prisma.io/docs/orm/reference/error-reference */
const prismaCode = (error) =>
  ({ '3D000': 'P1003', '28P01': 'P1000', ECONNREFUSED: 'P1001', ENOTFOUND: 'P1001', ETIMEDOUT: 'P1002' })[error?.code] ??
  error?.code;

const reply = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** `schema-engine cli …`: one command about the database itself, then exit. */
async function runCommand([, command], datasource) {
  try {
    process.stderr.write('\n');
    const connection = connectionOf(datasource.url);
    if (command === 'create-database') await createDatabase(connection);
    else if (command === 'drop-database') await dropDatabase(connection);
    else await runSql(connection, 'SELECT 1');
    return 0;
  } catch (error) {
    const fields = { message: error.message || String(error), error_code: prismaCode(error) ?? 'P1001', is_panic: false };
    const line = { timestamp: new Date().toISOString(), level: 'ERROR', fields, target: 'schema_engine::logger' };
    process.stderr.write(`${JSON.stringify(line)}\n`);
    return 1;
  }
}

/** Answers requests one after another until the CLI closes our input. */
async function serve({ datamodels, datasource }) {
  const { SchemaEngine } = await loadWasm();
  let engine;
  const getEngine = async () => {
    const files = await Promise.all(datamodels.map(async (file) => [file, await readFile(file, 'utf8')]));
    engine ??= await SchemaEngine.new(
      { datamodels: files.length > 0 ? files : undefined },
      () => {},
      bindMigrationAwareSqlAdapterFactory(adapterFactory(datasource)),
    );
    return engine;
  };

  const answer = async (method, params) => {
    if (method === 'createDatabase') {
      const connection = connectionOf(datasource.url);
      await createDatabase(connection);
      return { databaseName: connection.database };
    }
    const current = await getEngine();
    const { migrationsList, filters } = params ?? {};
    // These two read the schema that the history leads to from a cache that only devDiagnostic fills.
    if (['evaluateDataLoss', 'createMigration'].includes(method) && migrationsList.migrationDirectories.length > 0) {
      await current.devDiagnostic({ migrationsList, filters });
    }
    return current[method === 'getDatabaseVersion' ? 'version' : method](params);
  };

  let notifications = 1_000_000;
  const handle = async ({ id, method, params }) => {
    try {
      const result = await answer(method, params);
      if (method === 'diff' && result?.stdout != null) {
        reply({ id: notifications++, method: 'print', params: { content: result.stdout } });
        delete result.stdout;
      }
      reply({ id, result: result ?? null });
    } catch (error) {
      const data = {
        is_panic: false,
        message: error?.message ?? String(error),
        error_code: prismaCode(error),
        meta: error?.meta,
      };
      reply({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
    }
  };

  let last = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const request = JSON.parse(line);
    if (request.method) last = last.then(() => handle(request));
  }
  await last;
}

const options = parseArguments(process.argv.slice(2));
if (options.version) {
  process.stdout.write(`schema-engine-wasm ${(await loadWasm()).version()}\n`);
  process.exit(0);
}
if (options.command[0] === 'cli') process.exit(await runCommand(options.command, options.datasource));
await serve(options);
process.exit(0);
