import type { WorkerOrders } from "../stage/worker.ts";

// The two clients have the same shape and types of their own, which there is no use in telling apart here.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Loose = any;

export interface Sdk {
  task(options: Loose): Declared;
  workflow(options: Loose): Declared & { task(options: Loose): Loose };
  worker(name: string, options: { workflows: Declared[]; slots: number }): Promise<{ start(): Promise<void> }>;
}

export interface Declared {
  name: string;
  run(input: Loose): Promise<Loose>;
}

/** A client of either kind. */
export async function openSdk({
  kind,
  token,
  address,
}: Pick<WorkerOrders, "kind" | "token" | "address">): Promise<Sdk> {
  const options = { token, host_port: address, tls_config: { tls_strategy: "none" }, log_level: "INFO" } as const;
  if (kind === "own") {
    const { HatchetClient } = await import("@helve/sdk");
    return HatchetClient.init(options) as Loose;
  }
  const { HatchetClient } = await import("@hatchet-dev/typescript-sdk/v1/index.js");
  return HatchetClient.init(options) as Loose;
}
