import { expect, test } from "vitest";
import type { Acknowledged } from "../load/caller.ts";
import type { Journal, JournalLine } from "./journal.ts";
import { type Evidence, judge } from "./judge.ts";
import type { StoredTask } from "./stored.ts";

const RUN = "019a0000-0000-7000-8000-000000000000";
const DIAMOND = "019a0000-0000-7000-8000-000000010000";
const output = { by: "worker-0", attempt: 1 };

const task = (over: Partial<StoredTask> = {}): StoredTask => ({
  id: RUN,
  workflow: "quick",
  status: "succeeded",
  attempt: 1,
  requeues: 0,
  output: JSON.stringify(output),
  error: null,
  parentTaskId: null,
  ...over,
});
const acknowledged = (over: Partial<Acknowledged> = {}): Acknowledged => ({
  runId: RUN,
  kind: "quick",
  cancel: "none",
  told: { status: "succeeded", output: { quick: output } },
  ...over,
});
const line = (at: number, what: JournalLine["what"], over: Partial<JournalLine> = {}): JournalLine => ({
  at,
  what,
  task: RUN,
  attempt: 1,
  ...over,
});
const journal = (lines: JournalLine[], worker = "worker-0", slots = 1): Journal => ({ worker, slots, lines });

/** A run that went well, and what is changed about its story. */
function evidence(over: Partial<Evidence> & { tasks?: StoredTask[] } = {}): Evidence {
  const { tasks = [task()], ...rest } = over;
  return {
    acknowledged: [acknowledged()],
    stored: { tasks, runs: [], unfinished: [] },
    journals: [journal([line(1, "started"), line(2, "returned")])],
    ...rest,
  };
}

test("finds nothing in a story that holds together", () => {
  expect(judge(evidence())).toEqual([]);
});

test("lets a run fail that a published client has given up", () => {
  const error = `"/Dispatcher/SendStepActionEvent UNAVAILABLE: No connection established"`;
  const told = { status: "failed" } as const;
  const story = evidence({ tasks: [task({ status: "failed", error })], acknowledged: [acknowledged({ told })] });
  expect(judge(story)).toEqual([]);
});

test.each<[string, Evidence, string]>([
  ["a run that was lost", evidence({ tasks: [], journals: [] }), "was acknowledged and is not there"],
  ["a run that failed", evidence({ tasks: [task({ status: "failed", error: "lost" })] }), "ended as failed lost"],
  [
    "a run that nobody cancelled and was",
    evidence({ tasks: [task({ status: "cancelled" })] }),
    "(quick) ended as cancelled",
  ],
  [
    "a cancel that was answered and did not hold",
    evidence({ acknowledged: [acknowledged({ cancel: { cancelled: [RUN] } })] }),
    "(quick) ended as succeeded",
  ],
  ["a caller that still waits", evidence({ acknowledged: [acknowledged({ told: undefined })] }), "was never told"],
  [
    "a caller that was told another result",
    evidence({ acknowledged: [acknowledged({ told: { status: "succeeded", output: { quick: 1 } } })] }),
    "was told 1, stored is",
  ],
  [
    "an attempt that two workers had",
    evidence({
      journals: [journal([line(1, "started"), line(2, "returned")]), journal([line(1, "started")], "worker-1")],
    }),
    "started on worker-0 and again on worker-1",
  ],
  [
    "a start that is not stored",
    evidence({ journals: [journal([line(1, "started"), line(2, "returned"), line(3, "started", { attempt: 2 })])] }),
    "stored is attempt 1",
  ],
  ["a success without an end", evidence({ journals: [journal([line(1, "started")])] }), "its code did not end"],
  [
    "an attempt that ended twice",
    evidence({ journals: [journal([line(1, "started"), line(2, "threw"), line(3, "returned")])] }),
    "ended twice",
  ],
  [
    "more tasks than slots",
    evidence({
      journals: [journal([line(0, "started", { task: "other" }), line(1, "started"), line(2, "returned")])],
    }),
    "had 2 tasks in hand and has 1 slots",
  ],
  [
    "a child that was started twice",
    evidence({ tasks: [task(), task({ id: RUN.replace("019a", "019b"), workflow: "child", parentTaskId: RUN })] }),
    "has 1 children",
  ],
])("finds %s", (_what, story, sentence) => {
  expect(judge(story).join("\n")).toContain(sentence);
});

test("finds a task that started before its parent had ended", () => {
  const of = (n: number) => `${DIAMOND.slice(0, -1)}${n}`;
  const lines = [
    line(1, "started", { task: of(1) }),
    line(2, "started", { task: of(2) }),
    line(3, "returned", { task: of(1) }),
    line(4, "started", { task: of(3) }),
  ];
  const tasks = [1, 2, 3, 4].map((n) => task({ id: of(n), workflow: "diamond", status: "failed" }));
  expect(judge(evidence({ tasks, journals: [journal(lines, "worker-0", 4)] }))).toContain(
    `task ${of(2)} started before its parent 1 had ended`,
  );
});

test("does not count what was given up against the slots", () => {
  const lines = [line(0, "started", { task: "other" }), line(1, "given up", { task: "other" })];
  expect(judge(evidence({ journals: [journal([...lines, line(2, "started"), line(3, "returned")])] }))).toEqual([]);
});
