/** Names and values as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

/**
 * How the embedded Postgres is set. Nothing here trades a promise for speed: `fsync`, `synchronous_commit` and
 * `full_page_writes` keep their defaults, which is on.
 */
export const DEFAULT_SETTINGS: PostgresSettings = {
  cluster_name: "helve",
  max_connections: 100,
  // A statement may touch many partitions, each with its indexes.
  max_locks_per_transaction: 256,
  shared_buffers: "256MB",
  work_mem: "8MB",
  maintenance_work_mem: "128MB",

  // Few, long checkpoints: after each one every page is written to the log whole at its first change. What recovery
  // has to read after a crash is bounded by max_wal_size.
  checkpoint_timeout: "15min",
  min_wal_size: "256MB",
  max_wal_size: "2GB",
  // The binaries come without lz4, and pglz costs more than it saves on a local disk.
  wal_compression: false,

  // Statements are short and name their rows; planning parallel or compiled plans only costs.
  jit: false,
  max_parallel_workers_per_gather: 0,
  max_logical_replication_workers: 0,
  random_page_cost: 1.1,

  // The hot tables are small, change all the time and must stay small. Each looks at its own limits (storage
  // parameters); here is only how often someone comes by and how fast the work goes.
  autovacuum_naptime: "10s",
  autovacuum_max_workers: 2,
  autovacuum_vacuum_cost_limit: 2000,

  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  password_encryption: "scram-sha-256",
  unix_socket_permissions: "0700",

  // The log is for whoever looks after the database. Values of users do not belong there, so no statements and no
  // details of errors, which the engine reports with its own words anyway.
  log_line_prefix: "%m [%p] ",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: false,
};

/** The text of postgresql.conf. */
export function renderSettings(settings: PostgresSettings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${renderValue(value)}'`);
  return [
    "# Written by Helve at every start; changes made here are lost.",
    "# What `alter system set` says is kept in postgresql.auto.conf and wins over this file.",
    ...lines,
    "",
  ].join("\n");
}

function renderValue(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return String(value).replaceAll("'", "''");
}
