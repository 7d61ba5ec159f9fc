import { GraphQLError } from 'graphql';

/** Pages of connections, but of transcripts: how many rows unless asked, and at most. */
export const pageSizes = { defaultSize: 50, maxSize: 500 } as const;

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
}

/** A page costs by how much it may hold. */
export const pageComplexity = (page: PageArguments): { field: number; multiplier: number } => ({
  field: 5,
  multiplier: pageOf(page, pageSizes.defaultSize, pageSizes.maxSize) / 10,
});

/** How many rows are asked for. Throws PAGE_TOO_LARGE: to be given fewer than one asked for is no answer. */
export function pageOf({ first, last }: PageArguments, otherwise: number, most: number): number {
  const asked = first ?? last ?? otherwise;
  if (asked <= most) return asked;
  throw new GraphQLError(`A page holds at most ${most}; ${asked} were asked for. Ask for less, and go on with its endCursor.`, {
    extensions: { code: 'PAGE_TOO_LARGE' },
  });
}
