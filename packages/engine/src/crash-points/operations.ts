import type { WorkflowRegistration } from "@helve/core";
import type { CrashStage } from "./crash-stage.ts";

/** So long that no clock jump of a recovery reaches it. */
const LONG = { timeout: "10h", scheduleTimeout: "100h" };
/** What the operation of the time-out jumps over. */
const ELEVEN_HOURS_MS = 11 * 3_600_000;

const task = (readableId: string, parents: string[] = []) => ({
  readableId,
  action: `work:${readableId}`,
  parents,
  ...LONG,
});

/** A task that stands alone and is tried twice, the same with a pause between, and a diamond with an on-failure task. */
export const WORKFLOWS: readonly WorkflowRegistration[] = [
  { name: "plain", tasks: [{ ...task("plain"), retries: 1 }] },
  { name: "patient", tasks: [{ ...task("patient"), retries: 1, backoffFactor: 2, backoffMaxSeconds: 5 }] },
  {
    name: "diamond",
    tasks: [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])],
    onFailureTask: task("hook"),
  },
];

/** One thing that an engine does, with all that follows from it at once. */
export interface Operation {
  name: string;
  /** What there is before; nothing dies in it. */
  prepare?(stage: CrashStage): Promise<void>;
  /** It is another engine that does it, from its start on, when the first one is gone. */
  isTakeOver?: true;
  /** Resolves when what follows at once has followed. */
  act(stage: CrashStage): Promise<void>;
  /** How every run ends. @default succeeded */
  ends?: "cancelled" | "failed";
  /** Runs that there are in the end, when asking twice must not make two. */
  runs?: number;
  /** The fewest attempts that a standalone run has had in the end. */
  attempts?: number;
}

const SUCCESS = { outcome: "succeeded", output: "{}" } as const;
const FAILURE = { outcome: "failed", error: "boom", isRetryable: true } as const;

/** A worker has the first task of a run. */
async function handedOut(stage: CrashStage, workflow: string): Promise<void> {
  await stage.connect();
  await stage.trigger(workflow);
  await stage.received(1);
}

/** A run has ended well. @returns its id */
async function ended(stage: CrashStage, workflow: string): Promise<void> {
  await handedOut(stage, workflow);
  await stage.finish();
}

/** Two of the four tasks of a run have succeeded; the worker has the third. */
async function halfway(stage: CrashStage): Promise<void> {
  await handedOut(stage, "diamond");
  await stage.report(await stage.received(1), SUCCESS);
  await stage.report(await stage.received(2), SUCCESS);
  await stage.received(3);
}

const runId = (stage: CrashStage): string => stage.acknowledged[0] as string;

export const OPERATIONS: readonly Operation[] = [
  {
    name: "a trigger that stands in line",
    act: (stage) => stage.trigger("plain"),
  },
  {
    name: "a trigger that is born assigned",
    prepare: (stage) => stage.connect(),
    async act(stage) {
      await stage.trigger("plain");
      await stage.received(1);
    },
  },
  {
    name: "a trigger of several tasks",
    prepare: (stage) => stage.connect(),
    async act(stage) {
      await stage.trigger("diamond");
      await stage.received(1);
    },
  },
  ...["plain", "diamond"].map((workflow) => ({
    name: `a trigger asked for again (${workflow})`,
    prepare: (stage: CrashStage) => stage.connect(),
    async act(stage: CrashStage) {
      await stage.triggerAgain(workflow);
      await stage.received(1);
    },
    runs: 1,
  })),
  {
    name: "a trigger of a child with a key",
    prepare: (stage) => handedOut(stage, "plain"),
    async act(stage) {
      await stage.triggerChild("plain", (await stage.received(1)).id);
      await stage.received(2);
    },
    runs: 2,
  },
  {
    name: "a claim for a worker that comes",
    prepare: (stage) => stage.trigger("plain", 4),
    async act(stage) {
      await stage.connect(2);
      await stage.received(2);
    },
    runs: 4,
  },
  {
    name: "a claim for a slot that comes free",
    async prepare(stage) {
      await stage.connect(1);
      await stage.trigger("plain", 2);
      await stage.received(1);
    },
    async act(stage) {
      await stage.report(await stage.received(1), SUCCESS);
      await stage.received(2);
    },
    runs: 2,
  },
  {
    name: "a success",
    prepare: (stage) => handedOut(stage, "plain"),
    async act(stage) {
      await stage.report(await stage.received(1), SUCCESS);
    },
    runs: 1,
  },
  {
    name: "a success that readies children",
    prepare: (stage) => handedOut(stage, "diamond"),
    async act(stage) {
      await stage.report(await stage.received(1), SUCCESS);
      await stage.received(3);
    },
    runs: 1,
  },
  {
    name: "a success that ends a run",
    async prepare(stage) {
      await halfway(stage);
      await stage.report(await stage.received(3), SUCCESS);
      await stage.received(4);
    },
    async act(stage) {
      await stage.report(await stage.received(4), SUCCESS);
    },
    runs: 1,
  },
  {
    name: "a failure that is tried again",
    prepare: (stage) => handedOut(stage, "plain"),
    async act(stage) {
      await stage.report(await stage.received(1), FAILURE);
      await stage.received(2);
    },
    runs: 1,
    attempts: 2,
  },
  {
    name: "a failure that is tried again after a pause",
    prepare: (stage) => handedOut(stage, "patient"),
    async act(stage) {
      await stage.report(await stage.received(1), FAILURE);
      await stage.jump(10_000);
      await stage.received(2);
    },
    runs: 1,
    attempts: 2,
  },
  {
    name: "a failure that calls the on-failure task",
    prepare: (stage) => handedOut(stage, "diamond"),
    async act(stage) {
      await stage.report(await stage.received(1), FAILURE);
      await stage.received(2);
    },
    ends: "failed",
    runs: 1,
  },
  {
    name: "a time-out",
    prepare: (stage) => handedOut(stage, "plain"),
    async act(stage) {
      await stage.jump(ELEVEN_HOURS_MS);
      await stage.received(2);
    },
    runs: 1,
  },
  {
    name: "a cancel of a task in hand",
    prepare: (stage) => handedOut(stage, "plain"),
    act: (stage) => stage.cancel(runId(stage)),
    ends: "cancelled",
    runs: 1,
  },
  {
    name: "a cancel of a task in line",
    prepare: (stage) => stage.trigger("plain"),
    act: (stage) => stage.cancel(runId(stage)),
    ends: "cancelled",
    runs: 1,
  },
  {
    name: "a cancel of a run of several tasks",
    prepare: halfway,
    act: (stage) => stage.cancel(runId(stage)),
    ends: "cancelled",
    runs: 1,
  },
  {
    name: "a pause of a workflow and its end",
    async prepare(stage) {
      await stage.connect(1);
      await stage.trigger("plain", 2);
      await stage.received(1);
    },
    async act(stage) {
      await stage.pauseForAMoment("plain");
      await stage.report(await stage.received(1), SUCCESS);
      await stage.received(2);
    },
    runs: 2,
  },
  {
    name: "a replay",
    prepare: (stage) => ended(stage, "plain"),
    async act(stage) {
      await stage.replay(runId(stage));
      await stage.received(2);
    },
    runs: 1,
    attempts: 2,
  },
  {
    name: "a replay of a run of several tasks",
    prepare: (stage) => ended(stage, "diamond"),
    async act(stage) {
      await stage.replay(runId(stage));
      await stage.received(5);
    },
    runs: 1,
  },
  {
    name: "a replay of one of its tasks, with those that depend on it",
    prepare: (stage) => ended(stage, "diamond"),
    async act(stage) {
      await stage.replay((await stage.received(2)).id);
      await stage.received(5);
    },
    runs: 1,
  },
  {
    name: "a take-over with a worker that returns",
    prepare: halfway,
    isTakeOver: true,
    async act(stage) {
      await stage.connect();
      await stage.trigger("plain");
      await stage.received(4);
    },
  },
  {
    name: "a take-over with a worker that is gone",
    prepare: halfway,
    isTakeOver: true,
    async act(stage) {
      stage.replaceWorker();
      await stage.connect();
      await stage.missed(4);
    },
    runs: 1,
  },
];
