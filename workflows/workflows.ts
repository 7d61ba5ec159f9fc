/** What the worker's sandbox loads: the workflow types, by their names. */
export { run } from './runWorkflow.ts';
export { session } from './sessionWorkflow.ts';
