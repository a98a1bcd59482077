import { expect, test } from "vitest";
import type { Recoveries } from "../stage/harm.ts";
import type { Journal } from "./journal.ts";
import { recoveryTimes } from "./recovery.ts";

const load = { from: 0, to: 20_000 };
const started = (at: number, worker = "worker-0"): Journal => ({
  worker,
  slots: 1,
  lines: [{ at, what: "started", task: "a task", attempt: 1 }],
});
/** The engine was killed at 1,000 ms, started again at 2,000 and ready at 3,000. */
const killed = (...harmed: Recoveries["harmed"]): Recoveries => ({
  engines: [{ engine: 0, startedAt: 2_000, readyAt: 3_000, workers: [0, 1] }],
  postgres: [],
  harmed: [{ target: "engine 0", from: 1_000, to: 3_001 }, ...harmed],
});

test("counts from when the engine is ready until a worker of it starts a task", () => {
  const journals = [started(500), started(3_400), started(3_100, "worker-2")];
  expect(recoveryTimes(killed(), journals, load)).toMatchObject({ engineReady: [1_000], firstDispatch: [400] });
});

test.each([
  ["the engine", { target: "engine 0", from: 3_200, to: 15_000 }],
  ["Postgres", { target: "postgres", from: 2_500, to: 15_000 }],
  ["the way to Postgres", { target: "link of database 0", from: 3_300, to: 15_000 }],
])("does not count a first task while %s was harmed again", (_, harmed) => {
  expect(recoveryTimes(killed(harmed), [started(16_000)], load).firstDispatch).toEqual([]);
});

test("counts it when only one of its workers, somebody else or something before or after was harmed", () => {
  const harmed = [
    { target: "worker 0", from: 2_500, to: 15_000 },
    { target: "engine 1", from: 3_200, to: 15_000 },
    { target: "postgres", from: 1_000, to: 2_900 },
    { target: "postgres", from: 3_500, to: 9_000 },
  ];
  expect(recoveryTimes(killed(...harmed), [started(3_400, "worker-1")], load).firstDispatch).toEqual([400]);
});

test("does not count it when all of its workers were harmed", () => {
  const harmed = [
    { target: "worker 0", from: 2_500, to: 15_000 },
    { target: "link of worker 1", from: 3_200, to: 12_000 },
  ];
  expect(recoveryTimes(killed(...harmed), [started(16_000)], load).firstDispatch).toEqual([]);
});
