import { isEnded, runOrigins, type RunOrigin, type RunState } from '../../domain/states.ts';
import type { RunFilter, RunRowFragment } from '../generated/operations.ts';

export const views = ['all', 'needs-you', 'live', 'ended'] as const;
export type View = (typeof views)[number];

/** What the person chose to see, as the address holds it. */
export interface RunFilters {
  readonly view: View;
  readonly states: readonly RunState[];
  readonly origin: RunOrigin | null;
  readonly environmentId: string | null;
  readonly text: string;
}

export const noFilters: RunFilters = { view: 'all', states: [], origin: null, environmentId: null, text: '' };

export const openStates: readonly RunState[] = ['QUEUED', 'IN_PROGRESS', 'BLOCKED'];
export const endedStates: readonly RunState[] = ['SUCCEEDED', 'FAILED', 'CANCELED'];

type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

const one = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : (value?.[0] ?? ''));

/** Reads the address; what it does not know is left out. */
export function filtersOf(params: Params): RunFilters {
  const view = views.find((known) => known === one(params['view'])) ?? 'all';
  const states = [...openStates, ...endedStates].filter((state) => one(params['state']).split(',').includes(state));
  return {
    view,
    states,
    origin: runOrigins.find((known) => known === one(params['origin'])) ?? null,
    environmentId: one(params['environment']) || null,
    text: one(params['text']),
  };
}

/** Writes the address; what is as usual is left out. */
export const paramsOf = ({ view, states, origin, environmentId, text }: RunFilters): Record<string, string | null> => ({
  view: view === 'all' ? null : view,
  state: states.length > 0 ? states.join(',') : null,
  origin,
  environment: environmentId,
  text: text || null,
});

/** Whether anything but the view narrows the list. */
export const narrows = ({ states, origin, environmentId, text }: RunFilters): boolean =>
  states.length > 0 || origin !== null || environmentId !== null || text !== '';

const statesOf = (view: View): readonly RunState[] =>
  view === 'live' || view === 'needs-you' ? openStates : view === 'ended' ? endedStates : [...openStates, ...endedStates];

/** What to ask the API for: the runs that are going on, and those that have ended, each null when none are wanted. */
export function queriesOf(filters: RunFilters): { readonly open: RunFilter | null; readonly ended: RunFilter | null } {
  const wanted = statesOf(filters.view).filter((state) => filters.states.length === 0 || filters.states.includes(state));
  const rest = {
    ...(filters.origin && { origins: [filters.origin] }),
    ...(filters.environmentId && { environmentId: filters.environmentId }),
    ...(filters.text.trim() && { text: filters.text.trim() }),
    ...(filters.view === 'needs-you' && { needsViewer: true }),
  };
  const of = (states: readonly RunState[]): RunFilter | null => (states.length > 0 ? { states, ...rest } : null);
  return { open: of(wanted.filter((state) => !isEnded(state))), ended: of(wanted.filter(isEnded)) };
}

export const needsViewer = (run: RunRowFragment): boolean => run.state === 'BLOCKED' && run.viewerCan.answer.allowed;

/** Whether a run that has just changed belongs in the list: what the API would answer, without asking it. */
export function matches(filters: RunFilters, run: RunRowFragment): boolean {
  if (!statesOf(filters.view).includes(run.state)) return false;
  if (filters.view === 'needs-you' && !needsViewer(run)) return false;
  if (filters.states.length > 0 && !filters.states.includes(run.state)) return false;
  if (filters.origin && run.origin !== filters.origin) return false;
  if (filters.environmentId && run.environment.id !== filters.environmentId) return false;
  return run.title.toLowerCase().includes(filters.text.trim().toLowerCase());
}
