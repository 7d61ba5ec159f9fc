/** Pages of connections, but of transcripts: how many rows unless asked, and at most. */
export const pageSizes = { defaultSize: 50, maxSize: 500 } as const;

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
}

/** A page costs by how much it may hold. */
export const pageComplexity = ({ first, last }: PageArguments): { field: number; multiplier: number } => ({
  field: 5,
  multiplier: Math.min(first ?? last ?? pageSizes.defaultSize, pageSizes.maxSize) / 10,
});
