/** Which client a program uses: ours, on the native stream, or the published one, with unary calls. */
export type SdkKind = "own" | "published";

/** Where the engine is, as its ready file says. */
export interface EngineAccess {
  kind: SdkKind;
  token: string;
}

// The two clients have the same shape and types of their own; a bench gains nothing by telling them apart.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Loose = any;

export interface Sdk {
  task(options: Loose): Declared;
  workflow(options: Loose): Declared & { task(options: Loose): Loose };
  worker(name: string, options: { workflows: Declared[]; slots: number }): Promise<WorkerHandle>;
}

export interface Declared {
  run(input: Loose): Promise<Loose>;
  runNoWait(input: Loose): Promise<Loose>;
}

export interface WorkerHandle {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A client of either kind. */
export async function connect({ kind, token }: EngineAccess): Promise<Sdk> {
  const options = { token, tls_config: { tls_strategy: "none" }, log_level: "ERROR" } as const;
  if (kind === "own") {
    const { HatchetClient } = await import("@helve/sdk");
    return HatchetClient.init(options) as Loose;
  }
  const { HatchetClient } = await import("@hatchet-dev/typescript-sdk/v1/index.js");
  return HatchetClient.init(options) as Loose;
}

/** Ids of runs that were started, whatever the client calls them. */
export async function runIds(refs: Loose[]): Promise<string[]> {
  return Promise.all(refs.map(async (ref) => (await ref.runId) ?? ref.getWorkflowRunId()));
}
