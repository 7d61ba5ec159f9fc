/** What `baton snapshot` ends with, besides 1 for an error that it says. */
export const exitCodes = {
  /** Not everything travelled, or was put back; each thing is named. */
  NOT_EXACT: 3,
  /** `diff`: the snapshots differ. */
  DIFFERENT: 1,
  /** `diff`: an error, as for diff(1). */
  TROUBLE: 2,
} as const;
