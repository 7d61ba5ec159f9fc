/**
 * The steps of the protocol, each one transaction on a run's log. Whatever process carries one out can die just before
 * its commit or just after it, before anyone has heard; the next start goes on correctly from either.
 */
export const stepNames = [
  'createRun',
  'sendFollowUp',
  'continueRun',
  'withdrawMessage',
  'answerPrompt',
  'cancelRun',
  'endSession',
  'interruptTurn',
  'nextWork',
  'hosted',
  'restoring',
  'waiting',
  'sessionFailed',
  'record',
  'captured',
  'nextTurn',
  'appendEvents',
  'turnEnded',
  'handOver',
  'openPrompt',
  'promptDelivered',
  'closePrompt',
  'beginClose',
  'sessionEnded',
  'sessionLost',
  'executionGone',
  'expireQueued',
  'runWaiting',
  'redactEvent',
  'expireRun',
  'deleteRun',
] as const;

export type StepName = (typeof stepNames)[number];

/** A moment that a fault test can hold still: a step's rows are written but not committed, or committed and not yet told. */
export type FaultPoint = `${StepName}.${'written' | 'committed'}`;

/** Told of each point as it is reached; does nothing outside fault tests. */
export type Reached = (point: FaultPoint) => void;
