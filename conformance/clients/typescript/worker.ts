/**
 * The worker program of the TypeScript client: `worker.ts '{"prefix":…,"name":…,"slots":…,"labels":…}'`.
 *
 * Says `registered` once its workflows are known to the engine; what its tasks do, they say themselves.
 */
import { HatchetClient } from "@hatchet-dev/typescript-sdk/v1/index.js";
import { endWithTheTest, tell } from "./lines.ts";
import { slotWorkflows } from "./slot-workflows.ts";
import { runWorkflows } from "./workflows.ts";

const config = JSON.parse(process.argv[2] ?? "{}") as {
  prefix: string;
  name: string;
  slots: number;
  labels?: Record<string, string | number>;
};

endWithTheTest();
const hatchet = HatchetClient.init();
const name = (base: string): string => `${config.prefix}-${base}`;
const worker = await hatchet.worker(config.name, {
  workflows: [...runWorkflows(hatchet, name, config.name), ...slotWorkflows(hatchet, name, config.name)],
  slots: config.slots,
  ...(config.labels ? { labels: config.labels } : {}),
});
tell("registered", { pid: process.pid });
await worker.start();
