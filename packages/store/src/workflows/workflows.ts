import type { Uuid, WorkflowDefinition } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/** A registered version, as the engine uses it. */
export interface WorkflowVersionRow {
  id: Uuid;
  tenantId: Uuid;
  workflowId: Uuid;
  ordinal: number;
  checksum: string;
  definition: WorkflowDefinition;
  createdAt: Date;
}

const COLUMNS = /* sql */ `
  v.id, v.tenant_id as "tenantId", v.workflow_id as "workflowId", v.ordinal, v.checksum, v.definition,
  v.created_at as "createdAt"`;

const GET_CURRENT_VERSION: Statement = {
  name: "get_current_version",
  text: /* sql */ `
  select ${COLUMNS} from workflow w join workflow_version v on v.workflow_id = w.id
   where w.tenant_id = $1 and w.name = $2 and w.deleted_at is null
   order by v.ordinal desc limit 1`,
};

/** The newest version of a workflow, or undefined when the tenant has none of that name. */
export async function getCurrentVersion(db: Db, tenantId: Uuid, name: string): Promise<WorkflowVersionRow | undefined> {
  return (await db.query<WorkflowVersionRow>(GET_CURRENT_VERSION, [tenantId, name]))[0];
}

const GET_VERSION: Statement = {
  name: "get_version",
  text: `select ${COLUMNS} from workflow_version v where v.id = $1`,
};

export async function getVersion(db: Db, versionId: Uuid): Promise<WorkflowVersionRow | undefined> {
  return (await db.query<WorkflowVersionRow>(GET_VERSION, [versionId]))[0];
}

const DELETE_WORKFLOW: Statement = {
  name: "delete_workflow",
  text: /* sql */ `
  with former as (
    select id, name from workflow where tenant_id = $1 and id = $2 and deleted_at is null for update
  )
  update workflow w set name = w.name || '-' || w.id, deleted_at = helve_now(), paused_at = null, resumed_at = helve_now()
    from former where w.id = former.id
  returning former.name`,
};

/** Frees the name of a workflow and hides it; its runs stay, and a pause ends. @returns the name, or undefined when there is none to delete */
export async function deleteWorkflow(db: Db, tenantId: Uuid, id: Uuid): Promise<string | undefined> {
  return (await db.query<{ name: string }>(DELETE_WORKFLOW, [tenantId, id]))[0]?.name;
}

const UPSERT_WORKFLOW: Statement = {
  name: "upsert_workflow",
  // The update that changes nothing locks the row: registrations of one workflow come one after the other.
  text: /* sql */ `
  insert into workflow (id, tenant_id, name) values ($1, $2, $3)
  on conflict on constraint workflow_name_is_taken do update set name = excluded.name
  returning id`,
};

const INSERT_VERSION: Statement = {
  name: "insert_version",
  text: /* sql */ `
  insert into workflow_version as v (id, tenant_id, workflow_id, ordinal, checksum, definition)
  values ($1, $2, $3, $4, $5, $6)
  returning ${COLUMNS}`,
};

/** A version to store unless the newest one has the same checksum. */
export interface NewVersion {
  workflowId: Uuid;
  versionId: Uuid;
  tenantId: Uuid;
  checksum: string;
  definition: WorkflowDefinition;
}

/** @returns the newest version afterwards: the one that was there when nothing has changed */
export async function putVersion(tx: Db, version: NewVersion): Promise<WorkflowVersionRow> {
  const { name } = version.definition;
  const workflows = await tx.query<{ id: Uuid }>(UPSERT_WORKFLOW, [version.workflowId, version.tenantId, name]);
  const workflowId = (workflows[0] as { id: Uuid }).id;
  const current = await getCurrentVersion(tx, version.tenantId, name);
  if (current?.checksum === version.checksum) return current;
  const rows = await tx.query<WorkflowVersionRow>(INSERT_VERSION, [
    version.versionId,
    version.tenantId,
    workflowId,
    (current?.ordinal ?? 0) + 1,
    version.checksum,
    JSON.stringify(version.definition),
  ]);
  return rows[0] as WorkflowVersionRow;
}
