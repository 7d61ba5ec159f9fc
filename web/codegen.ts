import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';

/**
 * Writes `web/generated/operations.ts`: the types of every operation in `web/operations/`, checked against
 * `schema.graphql`, and their documents. Run by `tsx web/codegen.ts`.
 */
const here = new URL('.', import.meta.url);

const schema = buildSchema(await readFile(new URL('../schema.graphql', here), 'utf8'));
const names = (await readdir(new URL('operations/', here))).filter((name) => name.endsWith('.graphql')).sort();
const documents = await Promise.all(
  names.map(async (location) => ({
    location,
    document: parse(await readFile(new URL(`operations/${location}`, here), 'utf8')),
  })),
);

const text = await codegen({
  filename: 'operations.ts',
  schema: parse(await readFile(new URL('../schema.graphql', here), 'utf8')),
  schemaAst: schema,
  documents,
  config: {
    useTypeImports: true,
    enumType: 'string-literal',
    immutableTypes: true,
    skipTypename: true,
    strictScalars: true,
    scalars: { DateTime: 'string', ID: 'string' },
    // As text: a parsed document is eight times as large in the bundle.
    documentMode: 'graphQLTag' as const,
    gqlImport: '@urql/core#gql',
    dedupeFragments: true,
    documentNodeImport: '@urql/core#TypedDocumentNode',
  },
  plugins: [{ types: {} }, { documents: {} }],
  pluginMap: { types: typescriptOperations, documents: typedDocumentNode },
});

await mkdir(new URL('generated/', here), { recursive: true });
await writeFile(new URL('generated/operations.ts', here), `// Written by web/codegen.ts; not to be edited.\n${text}`);
