import { bytePathOf } from './bytePath.ts';
import type { Gap } from './manifest.ts';

const complaint =
  /^(?:warning: |error: )?(?:could not open directory |unable to access )?'?(.+?)\/?'?: (Permission denied|Input\/output error|Too many levels of symbolic links|File name too long)$/;

/** What git could not look at: it says so on standard error, in the C locale, and goes on as if nothing were there. */
export function complaints(stderr: string): Gap[] {
  return stderr.split('\n').flatMap((line): Gap[] => {
    const [, path, why] = complaint.exec(line) ?? [];
    return path === undefined
      ? []
      : [{ path: bytePathOf(path), status: 'FAILED', reason: 'UNREADABLE', detail: `it could not be read: ${why}` }];
  });
}
