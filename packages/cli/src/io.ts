/** Where a command writes. */
export interface Output {
  write(text: string): void;
  /** Whether a person looks at it: only then is it coloured and redrawn. */
  readonly isTerminal: boolean;
  /** Characters a line holds now. */
  readonly columns: number;
  /** Lines the screen holds now. */
  readonly rows: number;
  readonly hasColour: boolean;
}

/** Signals that ask a command to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a command sees of the world. Tests hand in their own; `program.ts` hands in the process. */
export interface Io {
  readonly out: Output;
  /** For what is not a result: progress, errors. */
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything on standard input. */
  readInput(): Promise<string>;
  /** Listens for signals until the returned function is called; meanwhile they do not end the process by themselves. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Ends the process on the spot, for who cannot wait any longer. */
  abort(exitCode: number): never;
}
