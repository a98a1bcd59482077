import { randomFillSync } from "node:crypto";

/**
 * Ids are UUIDv7 in lower-case text: ordered by time, so a table keyed by them grows at one end and a lookup by id finds
 * its time partition.
 *
 * A run and its tasks share one id space: the last 16 bits of a run id are zero, and task n (from 1) of a DAG run has the
 * run's id with n in those bits. A run of one standalone task has one id for both, ending in zero. So the run of a task
 * and the tasks of a run are arithmetic, need no index, and stand side by side in the primary key.
 */
export type Uuid = string;
export type TenantId = Uuid;
export type RunId = Uuid;
export type TaskRunId = Uuid;
export type WorkerId = Uuid;

/** Tasks that one run can number: 16 bits, 0 stands for the run itself. */
export const MAX_TASKS_PER_RUN = 65_535;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Random bytes are drawn in blocks: one system call for some 400 ids. */
const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let poolOffset = POOL_BYTES;

function hexTimestamp(nowMs: number): string {
  const hex = nowMs.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

function takeRandom(count: number): number {
  if (poolOffset + count > POOL_BYTES) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const start = poolOffset;
  poolOffset += count;
  return start;
}

function hex(byte: number | undefined): string {
  return HEX[byte ?? 0] as string;
}

/** A new UUIDv7. Ids of one millisecond have no order among themselves. */
export function newId(nowMs: number = Date.now()): Uuid {
  const r = takeRandom(10);
  const versioned = 0x70 | ((pool[r] ?? 0) & 0x0f);
  const variant = 0x80 | ((pool[r + 2] ?? 0) & 0x3f);
  return (
    `${hexTimestamp(nowMs)}-${hex(versioned)}${hex(pool[r + 1])}-${hex(variant)}${hex(pool[r + 3])}-` +
    hex(pool[r + 4]) +
    hex(pool[r + 5]) +
    hex(pool[r + 6]) +
    hex(pool[r + 7]) +
    hex(pool[r + 8]) +
    hex(pool[r + 9])
  );
}

/** A new id for a run: a UUIDv7 whose last 16 bits are zero. */
export function newRunId(nowMs: number = Date.now()): RunId {
  return `${newId(nowMs).slice(0, 32)}0000`;
}

/** The id of task `number` (1 … 65535) of a DAG run. */
export function taskIdOf(runId: RunId, number: number): TaskRunId {
  return runId.slice(0, 32) + number.toString(16).padStart(4, "0");
}

/** The run a task belongs to; a run's own id is returned unchanged. */
export function runIdOf(id: TaskRunId): RunId {
  return `${id.slice(0, 32)}0000`;
}

/** Which task of its run an id names: 0 for the run itself and for a standalone task, else from 1. */
export function taskNumberOf(id: TaskRunId): number {
  return Number.parseInt(id.slice(32), 16);
}

/** When an id was made, in ms since 1970. */
export function timeOfId(id: Uuid): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID in its 36-character form, of any version, in either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
