import { notFound, runIdOf, type TaskRunId, type TenantId } from "@helve/core";
import { type Database, getRunHead, getTaskRunStates, insertLogLines, type NewLogLine } from "@helve/store";
import type { LogLine } from "../api.ts";
import { Batcher } from "../batcher.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import { persist } from "../persist.ts";

/** Takes log lines of tasks; lines that come at the same time share a commit. */
export class TaskLogs {
  readonly #db: Database;
  readonly #heldTasks: HeldTasks;
  readonly #batches: Batcher<NewLogLine[], void>;

  constructor(db: Database, heldTasks: HeldTasks) {
    this.#db = db;
    this.#heldTasks = heldTasks;
    this.#batches = new Batcher({
      write: async (units) => {
        await persist(() => insertLogLines(db, units.flat()));
        return units.map(() => undefined);
      },
      weigh: (lines) => lines.length,
      maxWeight: 2000,
      lanes: 1,
    });
  }

  /** @see Engine.putLogs */
  async put(tenantId: TenantId, lines: readonly LogLine[]): Promise<void> {
    const stored: NewLogLine[] = [];
    for (const { taskId, attempt, level, message, metadata } of lines) {
      const held = this.#heldTasks.find(taskId)?.task;
      const task = held?.tenantId === tenantId ? held : await this.#requireState(tenantId, taskId);
      stored.push({ tenantId, taskId, attempt: attempt ?? Math.max(task.attempt, 1), level, message, metadata });
    }
    await this.#batches.add(stored);
  }

  /** A task of this tenant, with its run's metadata. @throws HelveError `not_found` */
  async requireTask(tenantId: TenantId, taskId: TaskRunId): Promise<{ attempt: number; metadata: string }> {
    const { attempt } = await this.#requireState(tenantId, taskId);
    const head = await getRunHead(this.#db, tenantId, runIdOf(taskId));
    return { attempt, metadata: head?.metadata ?? "{}" };
  }

  idle(): Promise<void> {
    return this.#batches.idle();
  }

  async #requireState(tenantId: TenantId, id: TaskRunId): Promise<{ attempt: number }> {
    const state = (await getTaskRunStates(this.#db, [{ tenantId, id }])).get(id);
    if (state?.tenantId !== tenantId) throw notFound(`task run not found: ${id}`);
    return state;
  }
}
