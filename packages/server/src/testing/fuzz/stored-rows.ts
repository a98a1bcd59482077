// biome-ignore lint/style/noRestrictedImports: what a refused request may have left is seen in the tables
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
  "child_run",
  "log_line",
];

/** How many rows each table has, as one text to compare. */
export async function storedRows(db: Db): Promise<string> {
  const counts = TABLES.map((table) => `'${table} ' || (select count(*) from ${table})`);
  const rows = await db.query<{ counts: string }>({
    name: "stored_rows",
    text: `select concat_ws(', ', ${counts.join(", ")}) as counts`,
  });
  return (rows[0] as { counts: string }).counts;
}
