import { HelveError } from "@helve/core";
import pg from "pg";
import { connectionString } from "./connection-string.ts";

/**
 * A statement with a name: Postgres parses and plans it once per connection. The text is constant; whatever varies is a
 * parameter.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** For a statement that may take longer than those of its pool. */
  readonly timeoutMs?: number;
}

/** Where statements run: on any connection of a pool, or inside one transaction. */
export interface Db {
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** Statements and commits sent so far, for the figures per task that the bench shows and a test holds. */
export interface DbCounters {
  statements: number;
  commits: number;
}

export interface Database extends Db {
  readonly counters: DbCounters;
  /**
   * Runs `work` in one transaction; an exception rolls it back. Statements that `work` sends without waiting for the one
   * before travel together and are carried out in the order sent.
   */
  transaction<Result>(work: (tx: Db) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  maxConnections: number;
  /**
   * Opens all connections with the first one, beside the work. Else each is opened when it is first needed: at the busiest
   * moment, in which a process that is short of processor time may not get one in time.
   */
  opensAhead?: boolean;
  applicationName: string;
  /**
   * For statements that name their rows by key: the planner may not choose a sequential scan because a table was empty
   * when it looked, or was never analysed. Reading for people goes through a pool without this.
   */
  keyedAccess?: boolean;
  /**
   * When a statement without an answer fails as `unavailable` and its connection is given up. A Postgres that is frozen, or
   * whose machine is gone, refuses nothing: without this its callers would wait for ever.
   * @default 5,000
   */
  statementTimeoutMs?: number;
}

// int8 counts and ages stay far below 2^53.
pg.types.setTypeParser(20, Number);

const KEYED_ACCESS =
  "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; " +
  "set plan_cache_mode = force_generic_plan; set jit = off; ";

/**
 * A process that freezes in the middle of a transaction keeps its locks, and whoever takes over from it waits for them
 * (replicas/owner.ts): Postgres ends the transaction before the lease of such a replica runs out.
 */
const NO_FROZEN_TRANSACTIONS = "set idle_in_transaction_session_timeout = '5s'";

/**
 * Opens a pool. No connection is made before the first statement.
 *
 * A lost or refused connection surfaces as HelveError `unavailable`; the statement may or may not have been carried out.
 */
export function openDatabase({
  url,
  maxConnections,
  applicationName,
  keyedAccess = false,
  opensAhead = false,
  statementTimeoutMs = 5000,
}: DatabaseOptions): Database {
  const counters: DbCounters = { statements: 0, commits: 0 };
  const options: pg.PoolConfig & { pipeline: boolean } = {
    connectionString: connectionString(url),
    pipeline: true,
    max: maxConnections,
    application_name: applicationName,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 0,
    ...(keyedAccess && {
      onConnect: async (client: pg.ClientBase) => void (await client.query(KEYED_ACCESS + NO_FROZEN_TRANSACTIONS)),
    }),
  };
  const pool = new pg.Pool(options);
  // A connection that breaks is replaced at its next use, and whoever is using it learns from the statement. Without a
  // listener it would end the process: the pool's for idle connections, the connection's own for those in use.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  if (opensAhead) pool.once("connect", () => void openAll(pool, maxConnections));

  async function run<Row extends object>(
    client: pg.Pool | pg.ClientBase,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Row[]> {
    counters.statements++;
    try {
      const result = await client.query<Row>({
        name: statement.name,
        text: statement.text,
        values: values as unknown[],
        query_timeout: statement.timeoutMs ?? statementTimeoutMs,
      } as pg.QueryConfig);
      return result.rows;
    } catch (error) {
      throw asHelveError(error, statement.name);
    }
  }

  return {
    counters,
    async query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
      counters.commits++;
      return run<Row>(pool, statement, values);
    },
    async transaction<Result>(work: (tx: Db) => Promise<Result>): Promise<Result> {
      const client = await pool.connect().catch((error: unknown) => {
        throw asHelveError(error, "connect");
      });
      let broken: Error | undefined;
      try {
        counters.commits++;
        const begun = run(client, BEGIN, []);
        const worked = work({ query: (statement, values = []) => run(client, statement, values) });
        const [result] = await Promise.all([worked, begun]);
        await run(client, COMMIT, []);
        return result;
      } catch (error) {
        await run(client, ROLLBACK, []).catch((rollbackError: Error) => {
          broken = rollbackError;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

/** So long one connection may be kept from work while others are opened. */
const HELD_MS = 200;

/**
 * Has all of them at the same moment, so that no two are the same, but not for long: where opening takes its time, those that
 * are there have work. One that cannot be opened is opened when it is needed.
 */
async function openAll(pool: pg.Pool, count: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const longEnough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, HELD_MS);
  });
  const opened = Array.from({ length: count }, () => pool.connect());
  const settled = Promise.allSettled(opened);
  const isHeld = Promise.race([settled, longEnough]);
  for (const one of opened) one.then((client) => isHeld.then(() => client.release())).catch(() => {});
  await settled;
  clearTimeout(timer);
}

const BEGIN: Statement = { name: "begin", text: "begin" };
const COMMIT: Statement = { name: "commit", text: "commit" };
const ROLLBACK: Statement = { name: "rollback", text: "rollback" };

/** SQLSTATEs after which the same may succeed later: connection, resources, operator, read-only, an idle transaction. */
const UNAVAILABLE = /^(08|53|57|58|25006|25P03)/;
/** The character NUL, in text and as JSON escapes it, and values too long for an index: the edge refuses what it knows of. */
const UNSTORABLE = /^(22021|22P05|54000)$/;
/** Serialisation failure and deadlock: the statement left nothing behind and may run again at once. */
const RETRYABLE = new Set(["40001", "40P01"]);

/** Whether Postgres undid the statement because of others, so that it should simply run again. */
export function isRetryable(error: unknown): boolean {
  const cause = error instanceof HelveError ? error.cause : error;
  return RETRYABLE.has((cause as { code?: string } | undefined)?.code ?? "");
}

function asHelveError(error: unknown, statement: string): HelveError {
  const { code = "", message } = error as { code?: string; message: string };
  // By class and not by the look of the code: EPIPE, too, is five capitals.
  if (!(error instanceof pg.DatabaseError) || UNAVAILABLE.test(code) || RETRYABLE.has(code)) {
    const reason = message === "Query read timeout" ? "no answer came in time" : message;
    return new HelveError("unavailable", `the database did not carry out «${statement}»: ${reason}`, { cause: error });
  }
  const kind = UNSTORABLE.test(code) ? "invalid_argument" : "internal";
  return new HelveError(kind, `«${statement}» failed: ${message}`, { cause: error });
}

/** The columns of a list of rows, in the order of `keys`: what `unnest($1, $2, …)` takes. */
export function columns<Row extends object, Key extends keyof Row>(
  rows: readonly Row[],
  keys: readonly Key[],
): unknown[][] {
  return keys.map((key) => rows.map((row) => row[key]));
}
