import type { EndSignal, Io, Output } from "../io.ts";

/** What a command wrote, and the world it wrote it to. */
export interface MemoryIo extends Io {
  readonly outText: () => string;
  readonly errText: () => string;
  /** Sends a signal as a terminal would. */
  signal(name: EndSignal): void;
  readonly isHeard: () => boolean;
}

export interface MemoryIoOptions {
  env?: Record<string, string>;
  isTerminal?: boolean;
  columns?: number;
  input?: string;
}

/** An {@link Io} for tests, without a process. A terminal here has no colours, so that texts can be compared. */
export function memoryIo({ env = {}, isTerminal = false, columns = 80, input = "" }: MemoryIoOptions = {}): MemoryIo {
  const out: string[] = [];
  const err: string[] = [];
  const listeners = new Set<(signal: EndSignal) => void>();
  const output = (texts: string[]): Output => ({
    write: (text) => void texts.push(text),
    isTerminal,
    columns,
    rows: 40,
    hasColour: false,
  });
  return {
    out: output(out),
    err: output(err),
    env,
    readInput: async () => input,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    abort(exitCode) {
      throw new Error(`aborted with ${exitCode}`);
    },
    outText: () => out.join(""),
    errText: () => err.join(""),
    signal: (name) => {
      for (const listener of [...listeners]) listener(name);
    },
    isHeard: () => listeners.size > 0,
  };
}
