import { setTimeout as pause } from "node:timers/promises";
import { HelveClient } from "@helve/sdk";

/**
 * A worker as a user would write it for a supervisor. Its first argument is a release: `crashing` ends at once, `idle` never
 * registers, anything else works.
 */
const [release = "one"] = process.argv.slice(2);

if (release === "crashing") {
  console.error("no such table");
  process.exit(3);
}
if (release === "idle") await new Promise((resolve) => setTimeout(resolve, 60_000));

const client = HelveClient.init({ log_level: "WARN" });
const wait = client.task({
  name: "supervised-wait",
  fn: async ({ ms }: { ms: number }) => {
    await pause(ms);
    return { release };
  },
});
const worker = await client.worker("supervised", { workflows: [wait], slots: 4 });
const running = worker.start();
await worker.waitUntilReady();
console.log(`release ${release} works`);
await running;
