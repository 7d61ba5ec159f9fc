import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../../workflows/searchAttributes.ts';
import { Problem } from '../problem.ts';

/** temporal.api.enums.v1.IndexedValueType */
const valueTypes = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const;

/**
 * Registers the search attributes that a namespace lacks. Adding while the server runs is better than the development
 * server's `--search-attribute`, which it ignores once its database exists.
 * Throws a Problem when one is there with another type, or when the server does not let us.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const wanted = Object.entries(searchAttributes);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const wrong = wanted.filter(([name, type]) => (customAttributes[name] ?? valueTypes[type]) !== valueTypes[type]);
    if (wrong.length > 0) throw wrongType(wrong, namespace);
    const missing = wanted.filter(([name]) => customAttributes[name] === undefined);
    if (missing.length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, valueTypes[type]])),
      });
    }
    return missing.map(([name]) => name);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw refused(error as Error & { details?: string }, wanted, namespace);
  }
}

function wrongType(wrong: readonly (readonly [string, string])[], namespace: string): Problem {
  const list = wrong.map(([name, type]) => `${name} has to be ${type}`).join(', ');
  return new Problem(
    `The Temporal namespace ${namespace} has search attributes of the wrong type: ${list}.\n` +
      'Rename or remove them there, or use another namespace: TEMPORAL_NAMESPACE=name npm start',
  );
}

function refused(
  error: Error & { details?: string },
  wanted: readonly (readonly [string, string])[],
  namespace: string,
): Problem {
  const commands = wanted.map(
    ([name, type]) => `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
  );
  return new Problem(
    `The Temporal server did not take the search attributes of runs: ${error.details ?? error.message}\n` +
      `Its operator can add them:\n${commands.join('\n')}`,
    { cause: error },
  );
}
