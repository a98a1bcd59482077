/**
 * Measures what a task costs the process of client and worker: `node cost-program.ts RUNS SLOTS`. Everything is triggered
 * at once, the tasks do nothing, the engine is in a process of its own. Writes CPU per task and the rate as JSON.
 */
import { Helve } from "../index.ts";

const [runs = 50_000, slots = 1_000] = process.argv.slice(2).map(Number);

const helve = Helve.init({ log_level: "WARN" });
const noop = helve.task({ name: "noop", fn: async (input: { n: number }) => ({ n: input.n }) });
const worker = await helve.worker("cost", { workflows: [noop], slots });
void worker.start();
await worker.waitUntilReady();
// The first ones are run by code that is not compiled yet.
await measure(Math.ceil(runs / 4));
process.stdout.write(`${JSON.stringify(await measure(runs))}\n`);
await worker.stop();

async function measure(count: number): Promise<{ cpuMicrosPerTask: number; tasksPerSecond: number }> {
  const inputs = Array.from({ length: count }, (_, n) => ({ n }));
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await noop.run(inputs);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMicrosPerTask: (user + system) / count, tasksPerSecond: Math.round(count / seconds) };
}
