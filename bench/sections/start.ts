import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineStorage, startEngine } from "../lab/engine.ts";
import type { Lab } from "../lab/lab.ts";
import { spread } from "../lab/spread.ts";
import { now } from "../programs/starts.ts";
import type { Section } from "./section.ts";

/** How long it takes to begin. */
export const start: Section = {
  name: "start",
  title: "From the start of the process until tasks can run, and until the first has",
  isQuick: true,
  async run(lab) {
    const first: number[] = [];
    const second: number[] = [];
    const existing: number[] = [];
    const firstTask: number[] = [];
    for (let run = 0; run < lab.options.runs; run++) {
      const folder = await mkdtemp(join(tmpdir(), "helve-bench-start-"));
      await chmod(folder, 0o755);
      const dataDir = join(folder, "data");
      first.push(await readyAfter({ dataDir }));
      second.push(await readyAfter({ dataDir }));
      await rm(folder, { recursive: true, force: true });
      const databaseUrl = await lab.postgres.createHelveDatabase("start");
      existing.push(await readyAfter({ databaseUrl }));
      firstTask.push(await firstTaskAfter(lab, databaseUrl));
    }
    await lab.postgres.dropDatabase("start");
    const figure = (what: string, times: number[], atMost?: number) => {
      const all = spread(times);
      return { what, value: all.median, spread: all, unit: "ms", ...(atMost && { budget: { atMost } }) };
    };
    return [
      figure("the very first start, embedded database", first, 5000),
      figure("a later start, embedded database existing", second, 2000),
      figure("a start on a database that runs", existing),
      figure("a start on a database that runs, and a worker's: until a result is there", firstTask),
    ];
  },
};

async function readyAfter(storage: EngineStorage): Promise<number> {
  const engine = await startEngine(storage);
  await engine.stop();
  return engine.readyAfterMs;
}

async function firstTaskAfter(lab: Lab, databaseUrl: string): Promise<number> {
  const [worker, client] = [await lab.program("worker"), await lab.program("client")];
  const startedAt = now();
  const engine = await startEngine({ databaseUrl });
  const access = { kind: "own", token: engine.token };
  await Promise.all([worker.call("start", { ...access, workers: 1, slots: 10 }), client.call("connect", access)]);
  await client.call("oneByOne", { name: "noop", count: 1 });
  const elapsed = now() - startedAt;
  await Promise.all([worker.end(), client.end()]);
  await engine.stop();
  return elapsed;
}
