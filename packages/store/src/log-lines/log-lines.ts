import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";

export interface NewLogLine {
  tenantId: Uuid;
  taskId: Uuid;
  attempt: number;
  level: string;
  message: string;
  /** JSON object text. */
  metadata: string;
}

const INSERT_LOG_LINES: Statement = {
  name: "insert_log_lines",
  text: /* sql */ `
  insert into log_line (tenant_id, task_id, attempt, level, message, metadata)
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[])`,
};

/** Stores log lines in the order given; their time is the moment of storing. */
export async function insertLogLines(db: Db, lines: readonly NewLogLine[]): Promise<void> {
  await db.query(INSERT_LOG_LINES, columns(lines, ["tenantId", "taskId", "attempt", "level", "message", "metadata"]));
}
