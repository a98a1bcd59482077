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
  insert into log_line (tenant_id, task_id, attempt, level, message, metadata, at)
  select tenant_id, task_id, attempt, level, message, metadata, helve_now() + place * interval '1 microsecond'
    from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[]) with ordinality
         as line (tenant_id, task_id, attempt, level, message, metadata, place)
   order by place`,
};

/**
 * Stores log lines in the order given. Their time is the moment of storing, a microsecond apart, since readers page by it.
 */
export async function insertLogLines(db: Db, lines: readonly NewLogLine[]): Promise<void> {
  await db.query(INSERT_LOG_LINES, columns(lines, ["tenantId", "taskId", "attempt", "level", "message", "metadata"]));
}
