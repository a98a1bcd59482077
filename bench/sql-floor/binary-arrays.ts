import type { ReplicaId, Success } from "@helve/store";
import pg from "pg";

/** A connection that sends the finish statement's arrays in Postgres' binary format instead of as text. */
export interface BinaryClient {
  query(text: string): Promise<void>;
  finish(replicaId: ReplicaId, successes: readonly Success[]): Promise<void>;
  close(): Promise<void>;
}

const UUID_OID = 2950;
const INT4_OID = 23;
const TEXT_OID = 25;
const FLOAT8_OID = 701;

export async function openBinaryClient(databaseUrl: string): Promise<BinaryClient> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "bench-binary" });
  await client.connect();
  await client.query("set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off");
  await client.query("set plan_cache_mode = force_generic_plan; set jit = off");
  return {
    async query(text) {
      await client.query(text);
    },
    async finish(replicaId, successes) {
      await client.query({
        name: "bench_finish_binary",
        text: FINISH,
        // The driver sends a Buffer as it is, and says that it is binary.
        values: [
          replicaId,
          array(
            UUID_OID,
            successes.map((one) => Buffer.from(one.id.replaceAll("-", ""), "hex")),
          ),
          array(
            UUID_OID,
            successes.map((one) => Buffer.from(one.tenantId.replaceAll("-", ""), "hex")),
          ),
          array(
            INT4_OID,
            successes.map((one) => int4(one.attempt as number)),
          ),
          array(
            TEXT_OID,
            successes.map((one) => Buffer.from(one.output)),
          ),
          array(
            FLOAT8_OID,
            successes.map((one) => float8(one.startedAtMs as number)),
          ),
        ],
      });
    },
    close: () => client.end(),
  };
}

/** The store's statement, but for its name: nothing else may differ when two formats are compared. */
const FINISH = /* sql */ `
  with owner as (select id from replica where id = $1 and fenced_at is null for share),
  finished as (
    delete from task_run t
     using owner, unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::double precision[])
           as report (id, tenant_id, attempt, output, started_ms)
     where t.id = report.id and t.tenant_id = report.tenant_id and t.status = 'assigned'
       and t.attempt = coalesce(report.attempt, t.attempt)
    returning t.*, report.output, coalesce(t.started_at, to_timestamp(report.started_ms / 1000)) as began_at
  )
  insert into task_run_history (
    id, tenant_id, version_id, priority, attempt, failures, requeues, worker_id, created_at, queued_at, assigned_at,
    parent_task_id, child_index, child_key, input, metadata, status, output, started_at, finished_at)
  select id, tenant_id, version_id, priority, attempt, failures, requeues, worker_id, created_at, queued_at, assigned_at,
         parent_task_id, child_index, child_key, input, metadata, 'succeeded', output, began_at, helve_now()
    from finished
  returning id, attempt, worker_id as "workerId"`;

/** One dimension, no nulls: dimensions, has-null flag, type, then length and lower bound, then each with its length. */
function array(oid: number, values: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32BE(1, 0);
  head.writeInt32BE(oid, 8);
  head.writeInt32BE(values.length, 12);
  head.writeInt32BE(1, 16);
  return Buffer.concat([head, ...values.flatMap((value) => [int4(value.length), value])]);
}

function int4(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function float8(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeDoubleBE(value);
  return buffer;
}
