import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { HelveClient } from "@helve/sdk";

/**
 * A worker as a user would write it for a supervisor. Its first argument is a release: `crashing` ends at once, `idle` never
 * registers, the tasks of `failing` fail, `forking` has a process beside it, anything else works.
 */
const [release = "one"] = process.argv.slice(2);

if (release === "crashing") {
  console.error("no such table");
  process.exit(3);
}
if (release === "idle") await new Promise((resolve) => setTimeout(resolve, 60_000));

if (release === "forking") {
  const listening = `require("net").createServer().listen(0, "127.0.0.1", function () {
    console.log("beside it, port", this.address().port);
  })`;
  spawn(process.execPath, ["-e", listening], { stdio: "inherit" });
}

const client = HelveClient.init({ log_level: "WARN" });
const wait = client.task({
  name: "supervised-wait",
  fn: async ({ ms }: { ms: number }) => {
    await pause(ms);
    if (release === "failing") throw new Error("the new code is wrong");
    return { release };
  },
});
/** Kills its process, every time. */
const poison = client.task({ name: "supervised-poison", fn: () => void process.kill(process.pid, "SIGKILL") });
/** Keeps its process from doing anything else: neither does it say that it has the task. A minute long unless told otherwise. */
const block = client.task({
  name: "supervised-block",
  fn: ({ ms = 60_000 }: { ms?: number }) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
});
/** Keeps so much memory for ever. */
const kept: Buffer[] = [];
const leak = client.task({
  name: "supervised-leak",
  fn: async ({ megabytes, ms }: { megabytes: number; ms: number }) => {
    kept.push(Buffer.alloc(megabytes * 2 ** 20, 1));
    await pause(ms);
    return { pid: process.pid };
  },
});
const worker = await client.worker("supervised", { workflows: [wait, poison, block, leak], slots: 4 });
const running = worker.start();
await worker.waitUntilReady();
console.log(`release ${release} works`);
await running;
