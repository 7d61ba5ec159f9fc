import { z } from 'zod';

/** `step.written` or `step.committed`, `@n` for the nth time, `:kill` or `:stop`. */
const pattern = /^(\w+\.(?:written|committed))(?:@(\d+))?(?::(kill|stop))?$/;

export const fault = {
  BATON_FAULT: z
    .string()
    .regex(pattern, 'is a step with .written or .committed, then @n and :kill or :stop, such as turnEnded.committed@2:kill')
    .optional()
    .describe('For fault tests only, with NODE_ENV=test: the step of the protocol at which this process kills or stops itself.'),
  NODE_ENV: z.string().optional().describe('Where it is “test”, BATON_FAULT is heeded.'),
};

/** Kills or stops this process the moment the configured point is reached; without one it does nothing. */
export function faultAt(config: { BATON_FAULT?: string | undefined; NODE_ENV?: string | undefined }): (point: string) => void {
  const [, point, nth = '1', how = 'kill'] = pattern.exec(config.BATON_FAULT ?? '') ?? [];
  if (point === undefined || config.NODE_ENV !== 'test') return () => {};
  let left = Number(nth);
  return (reached) => {
    if (reached === point && --left === 0) process.kill(process.pid, how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  };
}
