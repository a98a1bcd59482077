/**
 * A worker as a program of its own, for tests with signals: `node worker-program.ts GRACE_MS TASK_MS`. It says on stdout
 * when it is ready and when its task starts and ends.
 */
import { Helve } from "../index.ts";

const [graceMs, taskMs] = process.argv.slice(2).map(Number);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const helve = Helve.init({ log_level: "OFF" });
const slow = helve.task({
  name: "slow",
  fn: async (_input, ctx) => {
    say("started");
    await new Promise((resolve) => setTimeout(resolve, taskMs));
    say(ctx.cancelled ? "ended cancelled" : "ended");
    return { done: true };
  },
});
const worker = await helve.worker("program", { workflows: [slow], gracePeriodMs: graceMs });
void worker.start().then(() => say("stopped"));
await worker.waitUntilReady();
say("ready");
