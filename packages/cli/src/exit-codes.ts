/** It did what was asked. */
export const DONE = 0;
/** It did not; one sentence on standard error says why. */
export const FAILED = 1;
/** The command line was not understood; nothing was tried. */
export const MISUSED = 2;

/** A failure whose message is all that there is to say. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** The command line is wrong: says how, and where to read more. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
