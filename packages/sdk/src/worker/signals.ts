/** Something that ends in order when the process is told to end. */
export interface Stoppable {
  stop(): Promise<void>;
  /** Whether the process is to be ended when everything has stopped. */
  readonly endsProcess: boolean;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
const running = new Set<Stoppable>();
let isStopping = false;

/**
 * Stops this on SIGTERM and SIGINT. When all that run in the process have stopped, it exits with 0, unless one of them
 * does not want that. A second signal ends the process at once.
 *
 * @returns takes it out again
 */
export function stopOnSignals(what: Stoppable): () => void {
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  running.add(what);
  return () => {
    // While stopping, the listeners stay: a second signal must not find the default handler.
    if (!running.delete(what) || running.size > 0 || isStopping) return;
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (isStopping) process.exit(signal === "SIGINT" ? 130 : 143);
  isStopping = true;
  const all = [...running];
  const endsProcess = all.every((what) => what.endsProcess);
  void Promise.all(all.map((what) => what.stop())).finally(() => {
    if (endsProcess) process.exit(0);
    isStopping = false;
    for (const name of SIGNALS) process.off(name, onSignal);
  });
}
