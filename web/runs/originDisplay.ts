import type { RunOrigin } from '../../domain/states.ts';
import type { IconName } from '../ui/icons.ts';

/** Where runs come from, in words and with a sign. */
export const originDisplay: Record<RunOrigin, { readonly label: string; readonly icon: IconName }> = {
  MANUAL: { label: 'Manual', icon: 'pencil' },
  API: { label: 'API', icon: 'braces' },
  CLI: { label: 'CLI', icon: 'terminal' },
  SCHEDULE: { label: 'Schedule', icon: 'clock' },
  INTEGRATION: { label: 'Integration', icon: 'hook' },
  LOCAL_HANDOFF: { label: 'Local handoff', icon: 'laptop' },
};
