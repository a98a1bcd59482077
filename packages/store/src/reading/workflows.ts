import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import type { Pause } from "../workflows/paused-workflows.ts";
import { getVersion, type WorkflowVersionRow } from "../workflows/workflows.ts";

/** A workflow and which version of it is the newest. */
export interface WorkflowRecord {
  id: Uuid;
  tenantId: Uuid;
  name: string;
  createdAt: Date;
  versionId: Uuid;
  /** How it is paused; both null when it is not. */
  pausedCronRuns: Pause["cronRuns"] | null;
  pausedScheduledRuns: Pause["scheduledRuns"] | null;
}

const COLUMNS = /* sql */ `
  w.id, w.tenant_id as "tenantId", w.name, w.created_at as "createdAt", v.id as "versionId",
  w.paused_cron_runs as "pausedCronRuns", w.paused_scheduled_runs as "pausedScheduledRuns"`;
const NEWEST_VERSION = /* sql */ `
  lateral (select id from workflow_version where workflow_id = w.id order by ordinal desc limit 1) v`;

const LIST_WORKFLOWS: Statement = {
  name: "reading_list_workflows",
  text: /* sql */ `
  select ${COLUMNS}, count(*) over ()::int as total
    from workflow w cross join ${NEWEST_VERSION}
   where w.tenant_id = $1 and w.deleted_at is null and ($2::text is null or position(lower($2) in lower(w.name)) > 0)
   order by (w.name = $2) desc nulls last, w.created_at desc, w.id desc
   limit $3 offset $4`,
};

/**
 * Workflows, newest first; of those whose name has `name` in it (in either case) the one that is called so comes first.
 *
 * @returns a page, and how many there are; 0 when the page begins behind the last
 */
export async function listWorkflows(
  db: Db,
  tenantId: Uuid,
  { name, limit, offset }: { name?: string | undefined; limit: number; offset: number },
): Promise<{ workflows: WorkflowRecord[]; total: number }> {
  const rows = await db.query<WorkflowRecord & { total: number }>(LIST_WORKFLOWS, [
    tenantId,
    name ?? null,
    limit,
    offset,
  ]);
  return { workflows: rows.map(({ total: _, ...workflow }) => workflow), total: rows[0]?.total ?? 0 };
}

const LIST_NEWEST_VERSIONS: Statement = {
  name: "reading_list_newest_versions",
  text: `select ${COLUMNS} from workflow w cross join ${NEWEST_VERSION} where w.tenant_id = $1 and w.deleted_at is null order by w.name`,
};

/** Every workflow of a tenant, by name. */
export async function listAllWorkflows(db: Db, tenantId: Uuid): Promise<WorkflowRecord[]> {
  return db.query<WorkflowRecord>(LIST_NEWEST_VERSIONS, [tenantId]);
}

const GET_WORKFLOW: Statement = {
  name: "reading_get_workflow",
  text: `select ${COLUMNS} from workflow w cross join ${NEWEST_VERSION} where w.tenant_id = $1 and w.id = $2 and w.deleted_at is null`,
};

export async function getWorkflow(db: Db, tenantId: Uuid, id: Uuid): Promise<WorkflowRecord | undefined> {
  return (await db.query<WorkflowRecord>(GET_WORKFLOW, [tenantId, id]))[0];
}

/** How many versions are kept in memory; one is some kilobytes. */
const CACHED_VERSIONS = 2000;

/** Gives versions by id. They never change, so those read once are kept. */
export function versionReader(db: Db): (ids: Iterable<Uuid>) => Promise<ReadonlyMap<Uuid, WorkflowVersionRow>> {
  const cache = new Map<Uuid, WorkflowVersionRow>();
  return async (ids) => {
    const versions = new Map<Uuid, WorkflowVersionRow>();
    for (const id of new Set(ids)) {
      const version = cache.get(id) ?? (await getVersion(db, id));
      if (!version) continue;
      versions.set(id, version);
      // The one that was used last goes to the end, so the front is what to let go.
      cache.delete(id);
      cache.set(id, version);
    }
    for (const id of cache.keys()) {
      if (cache.size <= CACHED_VERSIONS) break;
      cache.delete(id);
    }
    return versions;
  };
}
