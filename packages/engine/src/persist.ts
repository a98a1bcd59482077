import { HelveError } from "@helve/core";
import { isRetryable } from "@helve/store";

const GIVE_UP_AFTER_MS = 5000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/**
 * Carries a write, or a read that somebody waits for, out, again if need be: at once when Postgres undid it because of
 * others, with pauses while the database is unavailable. The work must be able to run twice with the same effect as once,
 * since a lost connection does not say whether the commit had happened.
 *
 * @param work told whether it has been tried before
 * @param onDoubt called when the outcome of a try is not known
 * @throws HelveError `unavailable` after 5 s; whether the last try was carried out is then not known
 */
export async function persist<Result>(
  work: (isRepeated: boolean) => Promise<Result>,
  onDoubt: () => void = () => {},
): Promise<Result> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  let isRepeated = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work(isRepeated);
    } catch (error) {
      isRepeated = true;
      if (isRetryable(error)) continue;
      if (!(error instanceof HelveError) || error.code !== "unavailable") throw error;
      onDoubt();
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
