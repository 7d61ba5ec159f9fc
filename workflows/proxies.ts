import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from './activities/control.ts';
import type { HostActivities, SessionActivities } from './activities/session.ts';
import { taskQueues } from './contract.ts';

/** Retried for ever, quickly at first: the journal may be away for an hour and no run fails for it. */
export const control = (taskQueue: string) =>
  proxyActivities<ControlActivities>({
    taskQueue: taskQueues(taskQueue).control,
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  });

/** One attempt: a session that was taken and lost is ended as lost, never silently taken again. */
export const host = (taskQueue: string, startDeadlineMs: number, summary: string) =>
  proxyActivities<HostActivities>({
    taskQueue,
    scheduleToStartTimeout: startDeadlineMs,
    startToCloseTimeout: '31 days',
    heartbeatTimeout: '15 seconds',
    retry: { maximumAttempts: 1 },
    cancellationType: 'TRY_CANCEL',
    summary,
  });

/** On the worker that has the session. A turn has one attempt: what an agent did cannot be undone by doing it again. */
export const onWorker = (taskQueue: string) =>
  proxyActivities<SessionActivities>({
    taskQueue,
    scheduleToStartTimeout: '1 minute',
    startToCloseTimeout: '31 days',
    heartbeatTimeout: '15 seconds',
    retry: { maximumAttempts: 1 },
  });
