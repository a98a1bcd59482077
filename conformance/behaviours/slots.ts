import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { Loose } from "../support/loose.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

const AT_ONCE_MS = 500;

/** A worker of one slot: who waits, who is cancelled, who goes next. One test after the other. */
export function describeSlots(client: Client): void {
  describe(`${client.title}: one slot`, () => {
    let stage: Stage;
    let worker: WorkerProgram;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
      worker = await stage.worker("only", { slots: 1, labels: { region: "eu", memory: 512 } });
    });

    /** Starts a run that keeps the slot; resolves when its code runs. */
    async function occupy(ms: number, input: Record<string, unknown> = {}): Promise<string> {
      const run = await stage.caller.start(stage.workflow("hold"), { ms, ...input });
      await worker.says("start", run);
      return run;
    }

    async function cancel(run: string): Promise<void> {
      if (client.can.has("run-routes")) await stage.caller.call("cancel", { runs: [run] });
      else await stage.rest.cancel([run]);
    }

    test("gives a waiting run the slot as soon as it is free, and never two at once", async () => {
      const first = await occupy(600);
      const second = await stage.caller.start(stage.workflow("hold"), { ms: 50 });
      const [ended, started] = await Promise.all([worker.says("end", first), worker.says("start", second)]);
      expect(started.at).toBeGreaterThanOrEqual(ended.at);
      expect(started.at - ended.at).toBeLessThan(AT_ONCE_MS);
      await stage.caller.result(second);
    });

    test("cancels a run that waits: it never starts", async () => {
      const running = await occupy(1_500);
      const waiting = await stage.caller.start(stage.workflow("hold"), { ms: 10 });
      await cancel(waiting);
      await stage.rest.statusBecomes(waiting, "CANCELLED");
      // A program that waits for it sees an error, not an empty success.
      await expect(stage.caller.result(waiting)).rejects.toThrow(/cancel/i);
      await stage.caller.result(running);
      const next = await stage.caller.run(stage.workflow("echo"), {});
      expect(next.echo.worker).toBe(worker.name);
      expect(worker.said("start", waiting)).toEqual([]);
    });

    test("cancels a run that runs: its code is told, and its first end stands", async () => {
      const run = await occupy(20_000);
      const outcome = stage.caller.result(run);
      const cancelledAt = Date.now();
      await Promise.all([cancel(run), expect(outcome).rejects.toThrow(/cancel/i)]);
      await stage.rest.statusBecomes(run, "CANCELLED");
      expect((await worker.says("aborted", run)).at - cancelledAt).toBeLessThan(1_000);
      // The code has ended by now and, with some clients, reports an output all the same: it changes nothing.
      await worker.says("end", run);
      await stage.caller.run(stage.workflow("echo"), {});
      expect(await stage.rest.status(run)).toBe("CANCELLED");
      expect(worker.said("start", run)).toHaveLength(1);
    });

    test("replays a cancelled run: the same run, a new attempt", async () => {
      const run = await occupy(20_000, { again: 50 });
      await cancel(run);
      await worker.says("end", run);
      if (client.can.has("run-routes")) await stage.caller.call("replay", { runs: [run] });
      else await stage.rest.replay([run]);
      const again = await worker.says("start", run, 10_000, (line) => line.retry === 1);
      expect(again.taskRun).toBe(run);
      await stage.rest.statusBecomes(run, "COMPLETED", 10_000);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { retry: 1, whole: true } });
    });

    test("starts a waiting run the moment the running task releases its slot", async () => {
      const first = await stage.caller.start(stage.workflow("releases"), { ms: 2_500 });
      // The first may have released before the second is there; either way the second runs beside it.
      const second = await stage.caller.start(stage.workflow("hold"), { ms: 50 });
      const [released, started] = await Promise.all([worker.says("released", first), worker.says("start", second)]);
      expect(started.at - released.at).toBeLessThan(AT_ONCE_MS);
      expect(worker.said("end", first)).toEqual([]);
      expect(await stage.caller.result(first)).toEqual({ releases: { by: worker.name } });
    });

    test("ends a run that no slot came free for in time, without a retry and without its on-failure task", async () => {
      const running = await occupy(4_000);
      const startedAt = Date.now();
      const run = await stage.caller.start(stage.workflow("impatient"), {});
      await expect(stage.caller.result(run)).rejects.toThrow();
      const waited = Date.now() - startedAt;
      expect(waited).toBeGreaterThanOrEqual(2_000);
      expect(waited).toBeLessThan(2_000 + AT_ONCE_MS);
      await stage.rest.statusBecomes(run, "FAILED");
      const tasks = (await stage.rest.get<Loose>(`/api/v1/stable/workflow-runs/${run}`)).tasks as Loose[];
      const late = tasks.find((task) => !/on.failure/.test(task.displayName));
      const types = (await stage.rest.taskEvents(late.metadata.id)).map((event) => event.type);
      expect(types).toContain("SCHEDULING_TIMED_OUT");
      await stage.caller.result(running);
      await stage.caller.run(stage.workflow("echo"), {});
      expect([...worker.said("start", run), ...worker.said("hook", run)]).toEqual([]);
    });

    test("shows the worker with its slots and labels, and labels it changes itself", async () => {
      const id = await stage.workerId(worker);
      const { relabel } = await stage.caller.run(stage.workflow("relabel"), { labels: { memory: 1024, zone: "b" } });
      expect(relabel.worker).toBe(id);
      const shown = await stage.caller.call<Loose>("worker", { worker: id });
      expect(shown).toMatchObject({ name: worker.name, status: "ACTIVE" });
      const full = await stage.rest.get<Loose>(`/api/v1/workers/${id}`);
      expect(full.slotConfig.default.limit).toBe(1);
      const labels = Object.fromEntries(full.labels.map((label: Loose) => [label.key, String(label.value)]));
      expect(labels).toMatchObject({ region: "eu", memory: "1024", zone: "b" });
      const list = await stage.caller.call<Loose>("workers", {});
      expect(list.rows.map((row: Loose) => row.metadata.id)).toContain(id);
    });

    test("gives a paused worker nothing new and lets it go on the moment it is unpaused", async () => {
      const id = await stage.workerId(worker);
      const running = await occupy(1_000);
      await stage.caller.call("pause", { worker: id });
      expect((await stage.rest.get<Loose>(`/api/v1/workers/${id}`)).status).toBe("PAUSED");
      const waiting = await stage.caller.start(stage.workflow("hold"), { ms: 10 });
      await stage.caller.result(running);
      await stage.rest.statusBecomes(waiting, "QUEUED");
      const resumedAt = Date.now();
      await stage.caller.call("unpause", { worker: id });
      const started = await worker.says("start", waiting);
      expect(started.at).toBeGreaterThanOrEqual(resumedAt);
      expect(started.at - resumedAt).toBeLessThan(AT_ONCE_MS);
    });

    test("drains a worker that is meant by its label: it ends what it has, and then that is said", async () => {
      const running = await occupy(1_000);
      const path = `/api/v1/tenants/${stage.engine.tenantId}/worker`;
      const wanted = { name: worker.name, labels: ["region:eu"] };
      const drain = { ...wanted, isPaused: true, waitUntilIdleMs: 20_000 };
      const drained = (await (await stage.rest.fetch("PATCH", path, drain)).json()) as Loose;
      expect(worker.said("end", running)).toHaveLength(1);
      expect(drained.busy).toEqual([]);
      expect(drained.rows).toMatchObject([{ status: "PAUSED", slotConfig: { default: { available: 1 } } }]);
      await stage.rest.fetch("PATCH", path, { ...wanted, isPaused: false });
      const after = await stage.caller.run(stage.workflow("hold"), { ms: 10 });
      expect(after.hold).toMatchObject({ by: worker.name });
    });
  });
}
