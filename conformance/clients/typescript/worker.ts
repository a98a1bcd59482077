/**
 * The worker program of the TypeScript clients: `worker.ts [--ours] '{"prefix":…,"name":…,"slots":…,"labels":…}'`.
 *
 * Says `registered` once its workflows are known to the engine; what its tasks do, they say themselves.
 */
import { endWithTheTest, tell } from "./lines.ts";
import { HatchetClient } from "./sdk.ts";
import { slotWorkflows } from "./slot-workflows.ts";
import { runWorkflows } from "./workflows.ts";

const config = JSON.parse(process.argv.at(-1) ?? "{}") as {
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
