/**
 * The worker program of the TypeScript client for tests of placement, configured like `worker.ts`.
 */
import { HatchetClient } from "@hatchet-dev/typescript-sdk/v1/index.js";
import { endWithTheTest, tell } from "./lines.ts";
import { placementWorkflows } from "./placement-workflows.ts";
import { slotWorkflows } from "./slot-workflows.ts";

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
  workflows: [...slotWorkflows(hatchet, name, config.name), ...placementWorkflows(hatchet, name, config.name)],
  slots: config.slots,
  ...(config.labels ? { labels: config.labels } : {}),
});
tell("registered", { pid: process.pid });
await worker.start();
