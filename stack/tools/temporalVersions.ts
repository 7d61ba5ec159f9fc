/** The version of Temporal's command line that is built where there is none: the one that tools/temporal/go.mod names. */
export const temporalVersion = '1.8.2';

/** What is built when that can't be: the newest one that Go installs without a module of ours. */
export const fallbackVersion = '1.5.1';

/** The oldest server that will do: fairness, and search attributes that can be added while it runs. */
export const minimumServer = { major: 1, minor: 29 } as const;
