import type { Db, Statement } from "../db.ts";

/** Weeks of history for which there is a partition ahead of time. */
export const WEEKS_AHEAD = 4;

const CREATE_PARTITIONS: Statement = {
  name: "create_partitions",
  text: `call helve_create_partitions(helve_now() + interval '${WEEKS_AHEAD} weeks')`,
  // Waits for transactions under way on the tables.
  timeoutMs: 60_000,
};

/** Makes the partitions of this week and the next ones where they are missing. Several replicas may do so at once. */
export async function createPartitions(db: Db): Promise<void> {
  await db.query(CREATE_PARTITIONS);
}
