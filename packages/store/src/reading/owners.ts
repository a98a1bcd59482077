import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/**
 * Which tenant a thing belongs to, for answering a caller who may not see it: 404 when nobody has it, 403 when somebody
 * else does. Not for the ordinary path, which looks within the caller's tenant. History is keyed by tenant first, so the
 * tenants are gone through one by one.
 */
export type OwnedKind = "task" | "run" | "worker" | "workflow" | "apiToken";

const inHistory = (table: string): string =>
  `select n.id from tenant n where exists (select from ${table} h where h.tenant_id = n.id and h.id = $1)`;

const OWNER_OF: Readonly<Record<OwnedKind, Statement>> = {
  task: {
    name: "reading_owner_of_task",
    text: /* sql */ `
    select tenant_id as id from task_run where id = $1 union all ${inHistory("task_run_history")} limit 1`,
  },
  run: {
    name: "reading_owner_of_run",
    text: /* sql */ `
    select tenant_id as id from task_run where id = $1
    union all select tenant_id from workflow_run where id = $1
    union all ${inHistory("task_run_history")}
    union all ${inHistory("workflow_run_history")} limit 1`,
  },
  worker: { name: "reading_owner_of_worker", text: "select tenant_id as id from worker where id = $1" },
  apiToken: { name: "reading_owner_of_api_token", text: "select tenant_id as id from api_token where id = $1" },
  workflow: {
    name: "reading_owner_of_workflow",
    text: "select tenant_id as id from workflow where id = $1 and deleted_at is null",
  },
};

/** @returns the tenant that has it, or undefined when there is no such thing */
export async function ownerOf(db: Db, kind: OwnedKind, id: Uuid): Promise<Uuid | undefined> {
  return (await db.query<{ id: Uuid }>(OWNER_OF[kind], [id]))[0]?.id;
}
