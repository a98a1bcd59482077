import { ANYWHERE, type DesiredLabel, type Placement, stickTo } from "@helve/core";
import { describe, expect, it } from "vitest";
import { type Demand, isUnserved, queueReasons } from "./queue-reasons.ts";
import type { WorkerView } from "./worker-view.ts";

const demand = (placement: Placement = ANYWHERE, units = 1): Demand => ({
  action: "shop:pay",
  slots: [["default", units]],
  placement,
});

const worker = (id: string, more: Partial<WorkerView> & { used?: number; limit?: number } = {}): WorkerView => {
  const { used = 0, limit = 2, ...rest } = more;
  return {
    id,
    name: `worker-${id}`,
    actions: new Set(["shop:pay"]),
    labels: {},
    slots: new Map([["default", { limit, used }]]),
    refusal: undefined,
    holders: [],
    ...rest,
  };
};

const gpu: DesiredLabel = { key: "gpu", value: "h", required: true, comparator: "equal", weight: 100 };
const spot: DesiredLabel = { key: "spot", value: 1, required: false, comparator: "equal", weight: -5 };
const labels: Placement = { kind: "labels", labels: [gpu, spot] };

const rules = (placement: Placement, workers: readonly WorkerView[], units?: number) =>
  queueReasons(demand(placement, units), workers).map(({ rule }) => rule);

describe("queueReasons", () => {
  it("says that nobody has registered the action", () => {
    const [reason] = queueReasons(demand(), [worker("a", { actions: new Set(["shop:ship"]) })]);
    expect(reason).toMatchObject({ rule: "action", message: "no connected worker has registered its action shop:pay" });
    expect(queueReasons(demand(), [])).toHaveLength(1);
  });

  it("names each worker that the labels rule out, with what it has instead", () => {
    const workers = [
      worker("a", { labels: { gpu: "a" } }),
      worker("b"),
      worker("c", { labels: { gpu: "h", spot: 1 } }),
      worker("d", { labels: { gpu: 1 } }),
    ];
    const [reason] = queueReasons(demand({ kind: "labels", labels: [{ ...gpu, weight: 1 }, spot] }), workers);
    expect(reason?.message).toBe(
      'workers with its action do not meet the labels it asks for: gpu = "h" (required), spot = 1 (weight -5)',
    );
    expect(reason?.workers.map(({ name, detail }) => `${name} ${detail}`)).toEqual([
      'worker-a has gpu = "a"',
      "worker-b has no label gpu",
      "worker-c has labels whose weights add up to -4",
      "worker-d has gpu = 1",
    ]);
  });

  it("says who holds the slots, and that a stopped attempt still may", () => {
    const holders = [{ taskId: "t", detail: "pay runs on worker-a" }];
    const [reason] = queueReasons(demand(), [worker("a", { used: 2, holders })]);
    expect(reason).toMatchObject({
      rule: "busy",
      workers: [{ detail: "has 2 of 2 default slots in use" }],
      tasks: holders,
    });
  });

  it("tells a worker that is too small from one that is full", () => {
    const [reason] = queueReasons(demand(ANYWHERE, 3), [worker("a")]);
    expect(reason).toMatchObject({ rule: "capacity", workers: [{ detail: "has 2 default in all" }] });
    expect(reason?.message).toBe("workers with its action do not have the slots that it takes: 3 default");
  });

  it("says what keeps a worker from being given anything", () => {
    const [reason] = queueReasons(demand(), [worker("a", { refusal: "is paused" })]);
    expect(reason).toMatchObject({ rule: "not_accepting", workers: [{ name: "worker-a", detail: "is paused" }] });
  });

  it("names the one worker that a task belongs to, and its state", () => {
    const other = worker("other");
    const [gone] = queueReasons(demand(stickTo("hard", "mine")), [other]);
    expect(gone).toMatchObject({ rule: "sticky", message: "it belongs to worker mine alone, which is not connected" });
    const [without] = queueReasons(demand(stickTo("hard", "mine")), [other, worker("mine", { actions: new Set() })]);
    expect(without?.message).toMatch(/has not registered its action shop:pay$/);
    expect(rules(stickTo("hard", "mine"), [other, worker("mine", { used: 2 })])).toEqual(["busy"]);
    expect(rules(stickTo("hard", "mine"), [other, worker("mine", { refusal: "is paused" })])).toEqual([
      "not_accepting",
    ]);
    expect(rules(stickTo("soft", "mine"), [other])).toEqual(["next"]);
  });

  it("puts the obstacle first that is nearest to being out of the way", () => {
    const fit = { gpu: "h" };
    const workers = [
      worker("a"),
      worker("b", { labels: fit, refusal: "is paused" }),
      worker("c", { labels: fit, used: 2 }),
      worker("d", { labels: fit, limit: 0 }),
    ];
    expect(rules(labels, workers)).toEqual(["busy", "not_accepting", "labels", "capacity"]);
    expect(rules(labels, [...workers, worker("e", { labels: fit })])[0]).toBe("next");
  });

  it("does not claim to know the slots of a worker of another replica", () => {
    const [reason] = queueReasons(demand(), [worker("a", { slots: new Map([["default", { limit: 2 }]]) })]);
    expect(reason).toMatchObject({ rule: "busy", workers: [{ detail: expect.stringMatching(/another replica/) }] });
  });

  it("lists twenty workers of many", () => {
    const many = Array.from({ length: 50 }, (_, n) => worker(String(n), { refusal: "is paused" }));
    expect(queueReasons(demand(), many)[0]?.workers).toHaveLength(20);
  });
});

it("counts a line as served when a worker has room or a slot will come free", () => {
  expect(isUnserved(queueReasons(demand(), [worker("a", { used: 2 })]))).toBe(false);
  expect(isUnserved(queueReasons(demand(), [worker("a")]))).toBe(false);
  expect(isUnserved(queueReasons(demand(), [worker("a", { refusal: "is paused" })]))).toBe(true);
  expect(isUnserved(queueReasons(demand(labels), [worker("a")]))).toBe(true);
  expect(isUnserved(queueReasons(demand(), []))).toBe(true);
});
