import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findViolations, type Violation } from "@helve/store";
import { type EmbeddedPostgres, startPostgres } from "@helve/store/embedded";
import pg from "pg";
import { until } from "./until.ts";

const BACK_MS = 300_000;

/** The Postgres of a round: processes of its own, which this one starts again when they die. */
export class ChaosPostgres {
  readonly #folder: string;
  #server: EmbeddedPostgres;
  readonly #port: number;

  static async start(folder: string): Promise<ChaosPostgres> {
    return new ChaosPostgres(folder, await startPostgres({ dataDir: join(folder, "data") }));
  }

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
    this.#port = Number(new URL(server.databaseUrl).port);
  }

  get port(): number {
    return this.#port;
  }

  /** The database over TCP, through a port that leads to it. */
  urlThrough(port: number): string {
    const url = new URL(this.#server.databaseUrl);
    url.searchParams.delete("host");
    url.port = `${port}`;
    return url.href;
  }

  /** @returns when it serves again */
  async killMainProcess(): Promise<void> {
    const { pid } = this.#server;
    process.kill(pid, "SIGKILL");
    await until(BACK_MS, () => this.#server.pid !== pid, 10);
    await this.serves();
  }

  /** Postgres then ends all others and recovers. @returns when it serves again */
  async killOneBackend(): Promise<void> {
    const [backend] = await this.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1",
    );
    if (backend) process.kill(backend.pid, "SIGKILL");
    await this.serves();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  /** After `stop`. @returns when it serves again */
  async startAgain(): Promise<void> {
    this.#server = await startPostgres({ dataDir: join(this.#folder, "data"), port: this.#port });
  }

  /** Stops all of its processes where they stand. @returns what lets them go on */
  async freeze(): Promise<() => void> {
    const pids = await familyOf(this.#server.pid);
    for (const pid of pids) signal(pid, "SIGSTOP");
    return () => {
      for (const pid of pids) signal(pid, "SIGCONT");
    };
  }

  /** Ends a part of the connections, 1 for all. */
  async terminateBackends(part: number): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and random() < ${part}`,
    );
  }

  async serves(): Promise<void> {
    if (!(await until(BACK_MS, async () => (await this.query("select 1")).length === 1, 20))) {
      throw new Error(`Postgres did not serve again within ${BACK_MS} ms`);
    }
  }

  /** On a connection of its own, past every link. */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({
      connectionString: this.#server.databaseUrl,
      application_name: "chaos",
      connectionTimeoutMillis: 5_000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  violations(): Promise<Violation[]> {
    return findViolations({ query: ({ text }, values = []) => this.query(text, values) });
  }
}

/** The main process first: it then starts no others. */
async function familyOf(main: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const all = stdout.trim().split("\n");
  const children = all.map((line) => line.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === main);
  return [main, ...children.map(([pid]) => pid as number)];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
