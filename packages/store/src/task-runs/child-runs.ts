import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";

/** A parent task asks for a child under a key. */
export interface ChildClaim {
  parentId: Uuid;
  key: string;
  runId: Uuid;
}

const CLAIM_CHILDREN: Statement = {
  name: "claim_child_runs",
  text: /* sql */ `
  insert into child_run (parent_id, key, run_id) select * from unnest($1::uuid[], $2::text[], $3::uuid[])
  on conflict (parent_id, key) do nothing`,
};

const GET_CHILDREN: Statement = {
  name: "get_child_runs",
  text: /* sql */ `
  select c.run_id as "runId"
    from unnest($1::uuid[], $2::text[]) with ordinality as w (parent_id, key, place)
    join child_run c using (parent_id, key)
   order by w.place`,
};

/**
 * Claims keys for new child runs. Must be in the transaction that stores the runs.
 *
 * @returns for each claim the run that has the key: the new one, or the one that had it before
 */
export async function claimChildRuns(tx: Db, claims: readonly ChildClaim[]): Promise<Uuid[]> {
  if (claims.length === 0) return [];
  await tx.query(CLAIM_CHILDREN, columns(claims, ["parentId", "key", "runId"]));
  return getChildRuns(tx, claims);
}

/** The runs that have these keys, which must be taken. */
export async function getChildRuns(db: Db, claims: readonly Pick<ChildClaim, "parentId" | "key">[]): Promise<Uuid[]> {
  const rows = await db.query<{ runId: Uuid }>(GET_CHILDREN, columns(claims, ["parentId", "key"]));
  return rows.map((row) => row.runId);
}

/** What a child takes over from the task that spawned it. */
export interface ParentTask {
  id: Uuid;
  metadata: string;
}

const GET_PARENTS: Statement = {
  name: "get_parent_tasks",
  text: /* sql */ `
  select t.id, coalesce(t.metadata, w.metadata, '{}') as metadata
    from task_run t left join workflow_run w on w.id = $3::uuid
   where t.tenant_id = $1 and t.id = $2
  union all
  select h.id, coalesce(h.metadata, w.metadata, v.metadata, '{}')
    from task_run_history h
    left join workflow_run w on w.id = $3::uuid
    left join workflow_run_history v on v.tenant_id = $1 and v.id = $3::uuid
   where h.tenant_id = $1 and h.id = $2`,
};

/** A task of this tenant, running or finished, by id; `runId` is its run (core/ids.ts). */
export async function getParentTask(db: Db, tenantId: Uuid, id: Uuid, runId: Uuid): Promise<ParentTask | undefined> {
  return (await db.query<ParentTask>(GET_PARENTS, [tenantId, id, runId]))[0];
}
