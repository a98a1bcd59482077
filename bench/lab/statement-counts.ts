import pg from "pg";

/** What a database was asked to do between two moments. */
export interface StatementCounts {
  /** Transactions that wrote: each takes a transaction id. Vacuum takes some as well. */
  writeTransactions: number;
  /** Statements of clients; `begin` and `commit` count, as each is a round trip. */
  statements: number;
}

/** Counts in one database while something runs. Counting costs some percent, so never in a run whose speed is told. */
export async function countStatements(databaseUrl: string, run: () => Promise<void>): Promise<StatementCounts> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "bench-counts" });
  await client.connect();
  try {
    await track(client, "all");
    await client.query("create extension if not exists pg_stat_statements");
    await client.query(
      "select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()))",
    );
    const before = await nextTransactionId(client);
    await run();
    const writeTransactions = (await nextTransactionId(client)) - before;
    const { rows } = await client.query<{ calls: number }>(COUNT_CALLS);
    return { writeTransactions, statements: rows[0]?.calls ?? 0 };
  } finally {
    await track(client, "none");
    await client.end();
  }
}

const COUNT_CALLS = /* sql */ `
  select coalesce(sum(calls), 0)::float8 as calls from pg_stat_statements
   where dbid = (select oid from pg_database where datname = current_database())
     and toplevel and query not like '%pg_stat_statements%' and query not like '%pg_current_snapshot%'`;

async function nextTransactionId(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ id: string }>("select pg_snapshot_xmax(pg_current_snapshot())::text as id");
  return Number(rows[0]?.id);
}

async function track(client: pg.Client, which: "all" | "none"): Promise<void> {
  await client.query(`alter system set pg_stat_statements.track = '${which}'`);
  await client.query("select pg_reload_conf()");
}
