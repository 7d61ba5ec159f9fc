import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** A workflow of one activity that does nothing: what Temporal itself takes for the least that can be asked of it. */
export async function bare(): Promise<void> {
  await nothing();
}
