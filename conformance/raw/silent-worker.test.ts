import { afterAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { RawStage, type TaskFields } from "../support/raw-stage.ts";

const engine = inject("engine");
const stages: RawStage[] = [];
afterAll(() => {
  for (const stage of stages) stage.close();
});

async function open(task: TaskFields = {}): Promise<RawStage> {
  const stage = await RawStage.open(engine, [task], "raw-silent");
  stages.push(stage);
  return stage;
}

/** Workers whose heartbeats go on and who do nothing: a heartbeat proves a process, only a receipt proves a worker. */
describe.concurrent("a silent worker", () => {
  test("loses a task it has not confirmed within 10 s, and gets nothing more", async () => {
    const stage = await open({ retries: 1 });
    const silent = await stage.worker(5, ["a"], `${stage.name}-silent`);
    const handedOutAt = Date.now();
    const first = await stage.start(silent);
    const awake = await stage.worker(5, ["a"], `${stage.name}-awake`);
    const second = await awake.action("start", first.taskRunExternalId, 1, 14_000);
    const waited = Date.now() - handedOutAt;
    expect(waited).toBeGreaterThanOrEqual(9_500);
    expect(waited).toBeLessThan(11_500);
    // The user's retry is unspent: the attempt fails and there is another one.
    await awake.report(second, "failed", { payload: "once" });
    const third = await awake.action("start", first.taskRunExternalId, 2);
    await awake.complete(third, { ok: 3 });
    expect(await stage.status(first.workflowRunId)).toBe("COMPLETED");
    for (let n = 0; n < 4; n++) await awake.complete(await stage.start(awake));
    expect(silent.actions.filter((action) => action.taskRunExternalId !== first.taskRunExternalId)).toEqual([]);
  });

  test("is shown in quarantine with the reason, and given work again when it is resumed", async () => {
    const stage = await open();
    const silent = await stage.worker(5, ["a"], `${stage.name}-muted`);
    const first = await stage.start(silent);
    const path = `/api/v1/workers/${silent.id}`;
    const shown = await eventually("its quarantine", 14_000, async () => {
      const worker = await stage.rest.get<{ status: string; quarantineReason?: string }>(path);
      return worker.quarantineReason === undefined ? undefined : worker;
    });
    expect(shown).toMatchObject({ status: "INACTIVE", quarantineReason: expect.stringContaining("10 s") });
    const resumed = await (await stage.rest.fetch("PATCH", path, { isPaused: false })).json();
    expect(resumed).toMatchObject({ status: "ACTIVE" });
    expect(resumed).not.toHaveProperty("quarantineReason");
    await silent.complete(await silent.action("start", first.taskRunExternalId, 1));
    expect(await stage.status(first.workflowRunId)).toBe("COMPLETED");
  });

  test("keeps a task it has confirmed, however long it takes", async () => {
    const stage = await open();
    const worker = await stage.worker(1);
    const action = await stage.start(worker);
    await worker.report(action, "started");
    const other = await stage.worker(5, ["a"], `${stage.name}-other`);
    await expect(other.action("start", action.taskRunExternalId, 1, 13_000)).rejects.toThrow(/no start/);
    await worker.report(action, "completed", { payload: '{"ok":1}' });
    expect(await stage.status(action.workflowRunId)).toBe("COMPLETED");
  });

  test("is held to the execution timeout, which counts from the assignment", async () => {
    const stage = await open({ timeout: "2s" });
    const worker = await stage.worker(1);
    const action = await stage.start(worker);
    await worker.action("cancel", action.taskRunExternalId);
    const assigned = await stage.rest.taskEvent(action.taskRunExternalId, "ASSIGNED");
    const timedOut = await stage.rest.taskEvent(action.taskRunExternalId, "TIMED_OUT");
    expect(timedOut.at - assigned.at).toBeGreaterThanOrEqual(2_000);
    expect(timedOut.at - assigned.at).toBeLessThanOrEqual(2_100);
    expect(await stage.status(action.workflowRunId)).toBe("FAILED");
    expect((await stage.details(action.workflowRunId)).taskRuns.a?.error).toMatch(/exceeded timeout of 2s/);
  });
});
