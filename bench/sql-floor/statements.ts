import {
  type Claim,
  claimTaskRuns,
  type Database,
  finishTaskRuns,
  insertTaskRuns,
  type NewTaskRun,
  openDatabase,
  type ReplicaId,
  type Statement,
  startReplica,
} from "@helve/store";
import { type BinaryClient, openBinaryClient } from "./binary-arrays.ts";
import {
  CLAIM_NAMED_LINES,
  CLAIM_NAMED_RUNS,
  CLAIM_ONE,
  CREATE_REJECTED,
  FINISH_BARE,
  FINISH_FROM_LINE,
  FINISH_SECOND_JOIN,
  INSERT_BARE,
  INSERT_HAND_OUT,
  INSERT_LINES,
} from "./rejected.ts";
import { batches, newRowOwner, type RowOwner, successes, taskRuns } from "./rows.ts";

/** µs that one task costs in each statement, on one connection unless the name says otherwise. */
export type StatementCosts = Record<string, number>;

const BATCH = 500;
const LEASE_MS = 60 * 60 * 1000;
/** Of what is done row by row, which takes a thousand times as long. */
const SINGLES = 1000;

interface Bench {
  db: Database;
  replicaId: ReplicaId;
  owner: RowOwner;
  count: number;
  binary: BinaryClient;
}

/**
 * What each statement of the hot path costs a task, and what those would that were decided against (docs/adr/0001): all on
 * the same tables, one after the other.
 *
 * @param count tasks of each statement
 */
export async function statementCosts(databaseUrl: string, count: number): Promise<StatementCosts> {
  const db = openDatabase({
    url: databaseUrl,
    maxConnections: 2,
    applicationName: "bench-statements",
    keyedAccess: true,
  });
  const binary = await openBinaryClient(databaseUrl);
  try {
    await binary.query(CREATE_REJECTED);
    const replicaId = await startReplica(db, "bench", LEASE_MS);
    const warmUp = { db, replicaId, owner: newRowOwner(), count: 4 * BATCH, binary };
    await measureAll(warmUp);
    return await measureAll({ ...warmUp, count });
  } finally {
    await binary.close();
    await db.close();
  }
}

async function measureAll(bench: Bench): Promise<StatementCosts> {
  const costs: StatementCosts = {};
  await measureStore(bench, costs);
  await measureRejected(bench, costs);
  await measureSingles(bench, costs);
  return costs;
}

/** The statements as they are. */
async function measureStore({ db, replicaId, owner, count, binary }: Bench, costs: StatementCosts): Promise<void> {
  const insert = (rows: NewTaskRun[]) => insertTaskRuns(db, replicaId, rows);
  const finish = (rows: NewTaskRun[]) => finishTaskRuns(db, replicaId, successes(rows)).then(() => {});
  const claim: Claim = {
    routeId: owner.routeId,
    tenantId: owner.tenantId,
    workerIds: Array.from({ length: BATCH }, () => owner.workerId),
  };

  const assigned = batches(taskRuns(owner, count, "assigned"), BATCH);
  costs["insert assigned"] = await perTask(count, assigned, insert);
  costs.finish = await perTask(count, assigned, finish);

  const queued = batches(taskRuns(owner, count, "queued"), BATCH);
  costs["insert queued"] = await perTask(count, queued, insert);
  costs["claim the next of a line"] = await perTask(count, queued, async () => {
    await claimTaskRuns(db, replicaId, [claim]);
  });
  await perTask(count, queued, finish);

  const pairs = batches(taskRuns(owner, count, "assigned"), BATCH);
  costs["insert assigned, two connections"] = await perTask(count, pairs, insert, 2);
  costs["finish, two connections"] = await perTask(count, pairs, finish, 2);

  const bytes = batches(taskRuns(owner, count, "assigned"), BATCH);
  await perTask(count, bytes, insert);
  costs["finish, arrays in binary"] = await perTask(count, bytes, (rows) => binary.finish(replicaId, successes(rows)));
}

/** What was decided against. */
async function measureRejected({ db, replicaId, owner, count }: Bench, costs: StatementCosts): Promise<void> {
  const insert = (rows: NewTaskRun[]) => insertTaskRuns(db, replicaId, rows);
  const run = (statement: Statement, values: (rows: NewTaskRun[]) => unknown[]) => async (rows: NewTaskRun[]) => {
    await db.query(statement, values(rows));
  };
  const ids = (rows: NewTaskRun[]) => rows.map((row) => row.id);

  const joined = batches(taskRuns(owner, count, "assigned"), BATCH);
  await perTask(count, joined, insert);
  costs["finish with a second join"] = await perTask(
    count,
    joined,
    run(FINISH_SECOND_JOIN, (rows) => [replicaId, ids(rows), rows.map(() => 1), rows.map(() => '{"ok":true}')]),
  );

  // Both designs begin on empty tables.
  await db.query({ name: "bench_empty", text: "truncate task_run, task_run_history" });
  const bare = batches(taskRuns(owner, count, "queued"), BATCH);
  const stored = (rows: NewTaskRun[]) => [ids(rows), owner.routeId, owner.tenantId, rows.map((row) => row.metadata)];
  const outputs = (rows: NewTaskRun[]) => [ids(rows), rows.map(() => '{"ok":true}')];
  costs["bare, one table: insert"] = await perTask(count, bare, run(INSERT_BARE, stored));
  costs["bare, one table: claim rows named by id"] = await perTask(
    count,
    bare,
    run(CLAIM_NAMED_RUNS, (rows) => [ids(rows), owner.workerId]),
  );
  costs["bare, one table: finish"] = await perTask(count, bare, run(FINISH_BARE, outputs));

  const lines = batches(taskRuns(owner, count, "queued"), BATCH);
  costs["bare, line and wide table: insert both"] = await perTask(count, lines, run(INSERT_LINES, stored));
  costs["bare, line and wide table: claim rows named by id"] = await perTask(
    count,
    lines,
    run(CLAIM_NAMED_LINES, (rows) => [ids(rows), owner.workerId]),
  );
  costs["bare, line and wide table: finish, update the wide row"] = await perTask(
    count,
    lines,
    run(FINISH_FROM_LINE, outputs),
  );
  costs["hand-out record of a block"] = await perTask(
    count,
    lines,
    run(INSERT_HAND_OUT, (rows) => [owner.workerId, ids(rows)]),
  );
  await db.query({ name: "bench_truncate", text: "truncate task_run, bench_line, bench_wide, bench_hand_out" });
}

/** One row a commit: what batching saves. */
async function measureSingles({ db, replicaId, owner }: Bench, costs: StatementCosts): Promise<void> {
  const rows = taskRuns(owner, SINGLES, "queued").map((row) => [row]);
  costs["insert one row a commit"] = await perTask(SINGLES, rows, (one) => insertTaskRuns(db, replicaId, one));
  costs["claim one row a commit"] = await perTask(SINGLES, rows, async () => {
    await db.query(CLAIM_ONE, [owner.routeId, owner.workerId]);
  });
  costs["round trip"] = await perTask(SINGLES, rows, async () => {
    await db.query({ name: "bench_nothing", text: "select 1" });
  });
  await db.query({ name: "bench_truncate", text: "truncate task_run, bench_line, bench_wide, bench_hand_out" });
}

/** µs a task of work done batch by batch, on as many connections at a time as there are lanes. */
async function perTask<Batch>(
  count: number,
  work: readonly Batch[],
  run: (batch: Batch) => Promise<unknown>,
  lanes: number = 1,
): Promise<number> {
  const queue = work.values();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const batch of queue) await run(batch);
    }),
  );
  return ((performance.now() - startedAt) * 1000) / count;
}
