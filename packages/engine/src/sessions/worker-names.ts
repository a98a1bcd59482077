import type { TenantId } from "@helve/core";
import { type Database, listWorkerNames } from "@helve/store";
import type { WorkersMeant } from "../api.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { Sessions } from "./sessions.ts";

interface Deps {
  db: Database;
  sessions: Pick<Sessions, "find">;
  heldTasks: Pick<HeldTasks, "find">;
}

/** The names of the workers that are meant, each once; from memory where they are connected here. */
export async function workerNames(
  { db, sessions, heldTasks }: Deps,
  tenantId: TenantId,
  { workerIds = [], attempts = [] }: WorkersMeant,
): Promise<Set<string>> {
  const names = new Set<string>();
  const ids = workerIds.filter((workerId) => {
    const session = sessions.find(workerId);
    if (session?.tenantId !== tenantId) return true;
    names.add(session.name);
    return false;
  });
  const elsewhere = attempts.filter(({ taskId, attempt }) => {
    const held = heldTasks.find(taskId);
    if (held?.task.tenantId !== tenantId || (attempt ?? held.task.attempt) !== held.task.attempt) return true;
    names.add(held.session.name);
    return false;
  });
  if (ids.length + elsewhere.length === 0) return names;
  for (const name of await listWorkerNames(db, tenantId, ids, elsewhere)) names.add(name);
  return names;
}
