import { GraphQLError, parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Refuses a document of more tokens before it is parsed to its end. */
export function limitTokens(maxTokens: number): Plugin {
  return {
    onParse: ({ setParseFn }) => {
      setParseFn((source: string, options?: object) => {
        try {
          return parse(source, { ...options, maxTokens });
        } catch (error) {
          if (error instanceof GraphQLError && error.message.includes('Parsing aborted')) throw tooLong(maxTokens);
          throw error;
        }
      });
    },
  };
}

const tooLong = (maxTokens: number): GraphQLError =>
  new GraphQLError(`The document has more than ${maxTokens} tokens. Ask in several operations.`, {
    extensions: { code: 'DOCUMENT_TOO_LARGE' },
  });
