import type { TenantId } from "@helve/core";
// biome-ignore lint/style/noRestrictedImports: what a refused call may have done is seen in the tables
import type { Db } from "@helve/store";

const TABLES = [
  "workflow",
  "workflow_version",
  "route",
  "worker",
  "task_run",
  "task_run_history",
  "workflow_run",
  "workflow_run_history",
  "task_event",
  "log_line",
  "api_token",
];

/** All that a tenant has stored, as one text to compare; but for heartbeats, which its own worker goes on giving. */
export async function tenantContent(db: Db, tenantId: TenantId): Promise<string> {
  const row = "(to_jsonb(t) - 'last_heartbeat_at')::text";
  const parts = TABLES.map(
    (table) =>
      `'${table} ' || coalesce((select md5(string_agg(${row}, ',' order by ${row})) from ${table} t where tenant_id = $1), '')`,
  );
  const rows = await db.query<{ content: string }>(
    { name: "tenant_content", text: `select concat_ws(', ', ${parts.join(", ")}) as content` },
    [tenantId],
  );
  return (rows[0] as { content: string }).content;
}
