import type { Io } from "../io.ts";

/** The wish to end, as it comes by signals. */
export interface EndRequest {
  /** Aborts at the first one. */
  readonly signal: AbortSignal;
  /** Resolves at the first one. */
  readonly asked: Promise<void>;
  /** Stops listening. */
  forget(): void;
}

/**
 * Listens for signals: the first asks to end in order, the second ends at once.
 *
 * @param onSecond what cannot be left behind even then; must not wait
 */
export function listenForEnd(io: Io, onSecond: () => void): EndRequest {
  const controller = new AbortController();
  const asked = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve()));
  const forget = io.onSignal(() => {
    if (!controller.signal.aborted) return controller.abort();
    onSecond();
    io.abort(130);
  });
  return { signal: controller.signal, asked, forget };
}
