/** The search attributes that runs and sessions carry, with their types: registered at start, set by the run's workflow. */
export const searchAttributes = {
  BatonRunState: 'Keyword',
  BatonTeam: 'Keyword',
  BatonCreator: 'Keyword',
  BatonHarness: 'Keyword',
  BatonEnvironment: 'Keyword',
  BatonOrigin: 'Keyword',
  BatonRepository: 'KeywordList',
} as const;

export type SearchAttributeName = keyof typeof searchAttributes;
