import { expect, test } from "vitest";
import { type Fault, targetOf } from "./fault.ts";
import { type PlanOptions, planFaults } from "./plan-faults.ts";
import { seeded } from "./random.ts";

const OPTIONS = { cast: { engines: 2, workers: 4, clients: 2 }, durationMs: 12_000, count: 6 };
const plans = (options: PlanOptions = OPTIONS): Fault[][] =>
  Array.from({ length: 200 }, (_, seed) => planFaults(seeded(seed), options));

test("draws the same faults from the same seed, and others from another", () => {
  expect(planFaults(seeded(7), OPTIONS)).toEqual(planFaults(seeded(7), OPTIONS));
  expect(planFaults(seeded(7), OPTIONS)).not.toEqual(planFaults(seeded(8), OPTIONS));
});

test("draws every kind of fault", () => {
  const kinds = new Set(plans().flatMap((faults) => faults.map(({ kind }) => kind)));
  expect(kinds.size).toBe(14);
  const withNats = plans({ ...OPTIONS, cast: { ...OPTIONS.cast, hasNats: true } }).flat();
  expect(new Set(withNats.map(({ kind }) => kind)).size).toBe(17);
  const linksOfNats = withNats.filter((fault) => "link" in fault && fault.link.startsWith("nats"));
  expect(new Set(linksOfNats.map(({ kind }) => kind)).size).toBe(3);
});

test.each([1, 2])("with %s replicas, now and then harms for longer than anybody waits", (engines) => {
  const faults = plans({ ...OPTIONS, cast: { ...OPTIONS.cast, engines } }).flat();
  const longest = (kind: Fault["kind"]) => Math.max(...faults.map((one) => (one.kind === kind ? one.forMs : 0)));
  expect(longest("engine frozen")).toBe(60_000);
  expect(longest("worker frozen")).toBeGreaterThan(12_000);
  expect(longest("postgres stopped")).toBe(20_000);
  const ended = faults.flatMap((one) => (one.kind === "backends terminated" ? [one.part] : []));
  expect(new Set(ended)).toEqual(new Set([0.3, 1]));
  const swallowed = faults.flatMap((one) => (one.kind === "link swallowed" ? [one.link.split(" ")[0]] : []));
  expect(new Set(swallowed)).toEqual(new Set(["worker", "client", "database"]));
});

test("never harms a target that is harmed already", () => {
  for (const faults of plans()) {
    for (const [n, fault] of faults.entries()) {
      const before = faults.slice(0, n).filter((other) => targetOf(other) === targetOf(fault));
      for (const other of before) expect(other.atMs + other.forMs).toBeLessThan(fault.atMs);
    }
  }
});

test("moves nothing where there is one replica, and leaves the spared ones alive", () => {
  const alone = plans({ ...OPTIONS, cast: { ...OPTIONS.cast, engines: 1 } }).flat();
  expect(
    alone.filter((fault) => fault.kind === "link moved" || ("movesWorkers" in fault && fault.movesWorkers)),
  ).toEqual([]);
  const sparing = { ...OPTIONS, spared: [0] };
  const ended = Array.from({ length: 200 }, (_, seed) => planFaults(seeded(seed), sparing)).flat();
  expect(ended.filter((fault) => "movesWorkers" in fault && fault.engine === 0)).toEqual([]);
});
