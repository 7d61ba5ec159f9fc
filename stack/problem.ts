/**
 * Something that keeps the local system from running and that a person can do something about. Its message says what
 * happened and what to do; it is shown as it is, without a stack trace.
 */
export class Problem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
  }
}

/** The variable that names another place for what could not be written. */
type PlaceVariable = 'BATON_HOME' | 'XDG_CACHE_HOME';

const elsewhere = (variable: PlaceVariable) => `${variable}=/another/directory npm start`;

/** Whether a program's words say that the disk is full. */
export function saysDiskFull(text: string): boolean {
  return /\bENOSPC\b|\bEDQUOT\b|No space left on device|Check free disk space|Disk quota exceeded|database or disk is full/i.test(
    text,
  );
}

/** The problem of a full disk, for whatever was being written under `directory`. */
export function diskFullProblem(directory: string, variable: PlaceVariable = 'BATON_HOME', cause?: unknown): Problem {
  return new Problem(
    `The disk that holds ${directory} is full.\nFree some space there, or use another disk: ${elsewhere(variable)}`,
    { cause },
  );
}

/** Turns an error of the file system under a directory into a problem; any other error is passed on as it is. */
export function explainFileError(error: unknown, directory: string, variable: PlaceVariable = 'BATON_HOME'): unknown {
  if (!(error instanceof Error) || error instanceof Problem) return error;
  const { code, path = directory } = error as NodeJS.ErrnoException;
  const problem = (what: string, mend: string) =>
    new Problem(`${path} ${what}.\n${mend}: ${elsewhere(variable)}`, { cause: error });
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFullProblem(directory, variable, error);
    case 'EACCES':
    case 'EPERM':
      return problem("can't be written: it belongs to another user", 'Run as that user, or use another directory');
    case 'EROFS':
      return problem("can't be written: its file system is read-only", 'Make it writable, or use another directory');
    case 'ENOTDIR':
    case 'EEXIST':
      return problem("can't be made: a file is in the way", 'Move the file, or use another directory');
    case 'ENAMETOOLONG':
      return problem('is too long a path for this system', 'Use a shorter one');
    default:
      return error;
  }
}
