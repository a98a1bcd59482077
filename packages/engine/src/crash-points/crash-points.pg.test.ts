import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, testCluster } from "../testing/test-engine.ts";
import { type CrashPoint, CrashStage, type WorkerKind } from "./crash-stage.ts";
import { OPERATIONS, type Operation, WORKFLOWS } from "./operations.ts";

/** No operation has as many; one that never comes to its end would be looked for in vain. */
const MAX_STATEMENTS = 60;

/** Kinds of workers take turns from one statement to the next; the second round swaps them. */
const ROUNDS = process.env.HELVE_CRASH_ROUNDS === "2" ? [0, 1] : [0];

let cluster: TestCluster;
let stage: CrashStage;

beforeAll(async () => {
  cluster = await testCluster();
  stage = new CrashStage(cluster);
  await stage.start();
  for (const workflow of WORKFLOWS) await stage.engine.put(workflow);
});
afterAll(() => cluster.end());

/** @returns the statement that the engine died at; undefined when the operation has fewer */
async function crashAt(point: CrashPoint, operation: Operation, kind: WorkerKind): Promise<string | undefined> {
  await stage.raise(kind);
  await operation.prepare?.(stage);
  const acting = act(point, operation);
  const diedAt = await Promise.race([stage.died, acting]);
  if (diedAt === undefined) stage.disarm();
  else await stage.recover();
  await stage.finish();
  const runs = await stage.ended();
  expect([...runs.keys()]).toEqual(expect.arrayContaining(stage.acknowledged));
  for (const { status, attempt } of runs.values()) {
    expect(status).toBe(operation.ends ?? "succeeded");
    expect(attempt).toBeGreaterThanOrEqual(operation.attempts ?? 0);
  }
  if (operation.runs !== undefined) expect(runs.size).toBe(operation.runs);
  await stage.audit();
  await stage.clear();
  return diedAt;
}

/** @returns undefined when it has come to its end, else the statement that ended it */
async function act(point: CrashPoint, operation: Operation): Promise<string | undefined> {
  try {
    if (operation.isTakeOver) {
      stage.kill();
      await stage.start(point);
    } else stage.arm(point);
    await operation.act(stage);
    return undefined;
  } catch (error) {
    if (stage.hasDied) return stage.died;
    throw error;
  }
}

test.each(OPERATIONS)(
  "an engine that dies at any statement of $name loses nothing",
  async (operation) => {
    for (const round of ROUNDS) {
      for (const fault of ["lost before", "lost after"] as const) await crashEverywhere(operation, fault, round);
    }
  },
  180_000 * ROUNDS.length,
);

async function crashEverywhere(operation: Operation, fault: CrashPoint["fault"], round: number): Promise<void> {
  const passed: string[] = [];
  for (;;) {
    const n = passed.length + 1;
    const kind = (n + round) % 2 === 0 ? "native" : "published";
    try {
      const statement = await crashAt({ n, fault }, operation, kind);
      if (statement === undefined) break;
      passed.push(statement);
    } catch (error) {
      const where = `${kind} worker, ${fault} statement ${n} after ${passed.join(", ")}`;
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
    expect(passed.length).toBeLessThan(MAX_STATEMENTS);
  }
  expect(passed).not.toEqual([]);
}
