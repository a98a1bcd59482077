import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { becomesTrue } from "./poll.ts";
import { stopPostmaster } from "./postmaster.ts";
import { isAlive, postgresProcessesOf } from "./process-identity.ts";
import { type EmbeddedPostgres, type StartOptions, startPostgres } from "./start-postgres.ts";

// One data folder serves all tests in turn: making it takes longer than all else.
let place: string;
let dataDir: string;
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "helve-pg-"));
  await chmod(place, 0o755);
  dataDir = join(place, "data");
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const postgres of running.splice(0)) await postgres.stop();
});

afterAll(async () => {
  const [left] = postgresProcessesOf(pgData());
  if (left) await stopPostmaster(pgData(), left);
  await rm(place, { recursive: true });
});

const pgData = () => join(dataDir, "postgres");

async function start(options: StartOptions = {}): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir, ...options });
  running.push(postgres);
  return postgres;
}

/** An engine in a process of its own, to be killed. */
async function startInChild(): Promise<{ child: ChildProcess; pid: number; databaseUrl: string }> {
  const program = `
    import { startPostgres } from ${JSON.stringify(new URL("./start-postgres.ts", import.meta.url).href)};
    const { pid, databaseUrl } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(JSON.stringify({ pid, databaseUrl }));
    process.stdin.resume();`;
  const args = ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, ...(JSON.parse(line) as { pid: number; databaseUrl: string }) };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
}

test("makes a database on the first start, durable and closed to strangers", async () => {
  const { databaseUrl, adopted, dataDir: where } = await start();
  expect({ adopted, where }).toEqual({ adopted: false, where: dataDir });
  const [settings] = await query(
    databaseUrl,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
            pg_encoding_to_char(encoding) as encoding, datlocprovider, datlocale, current_database() as name
       from pg_database where datname = current_database()`,
  );
  expect(settings).toEqual({
    fsync: "on",
    synchronous_commit: "on",
    encoding: "UTF8",
    datlocprovider: "b",
    datlocale: "C.UTF-8",
    name: "helve",
  });
  expect((await stat(join(dataDir, "postgres.password"))).mode & 0o777).toBe(0o600);
});

test("asks for the password on the socket and on loopback", async () => {
  const { databaseUrl } = await start();
  const wrong = new URL(databaseUrl);
  wrong.password = "wrong";
  await expect(query(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
  wrong.searchParams.delete("host");
  await expect(query(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
});

test("finds its data again on the next start", async () => {
  const first = await start();
  await query(first.databaseUrl, "create table kept as select 42 as answer");
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start();
  expect(await query(second.databaseUrl, "table kept")).toEqual([{ answer: 42 }]);
});

test("stops while clients are connected, and twice", async () => {
  const postgres = await start();
  const client = new pg.Client({ connectionString: postgres.databaseUrl });
  client.on("error", () => {});
  await client.connect();
  await Promise.all([postgres.stop(), postgres.stop()]);
  expect(postgresProcessesOf(pgData())).toEqual([]);
});

test("refuses a folder that another live engine has", async () => {
  const { child } = await startInChild();
  await expect(start()).rejects.toMatchObject({
    code: "failed_precondition",
    message: expect.stringContaining(`data folder ${dataDir} is in use by Helve engine pid ${child.pid}`),
  });
});

test("adopts the Postgres of a killed engine, and stops it in the end", async () => {
  const { child, pid, databaseUrl } = await startInChild();
  await query(databaseUrl, "create table acknowledged as select 1 as n");
  await kill(child);
  const postgres = await start();
  expect(postgres).toMatchObject({ pid, databaseUrl, adopted: true });
  expect(await query(postgres.databaseUrl, "table acknowledged")).toEqual([{ n: 1 }]);
  await postgres.stop();
  expect(isAlive(pid)).toBe(false);
});

test("keeps the database out of reach of a Ctrl-C at the terminal", async () => {
  const { pid } = await start();
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  expect({ group, session }).toEqual({ group: String(pid), session: String(pid) });
});

test("starts a killed Postgres again under the same URL, with all that was acknowledged", async () => {
  const postgres = await start();
  const before = postgres.pid;
  await query(postgres.databaseUrl, "create table survivor as select 7 as n");
  process.kill(before, "SIGKILL");
  const isBack = () =>
    query(postgres.databaseUrl, "select 1").then(
      () => postgres.pid !== before,
      () => false,
    );
  expect(await becomesTrue(isBack, { everyMs: 50, limitMs: 10_000 })).toBe(true);
  expect(await query(postgres.databaseUrl, "table survivor")).toEqual([{ n: 7 }]);
});

test("stops while it is starting a killed Postgres again", async () => {
  const postgres = await start();
  process.kill(postgres.pid, "SIGKILL");
  await becomesTrue(() => !isAlive(postgres.pid), { everyMs: 5, limitMs: 5000 });
  await postgres.stop();
  expect(postgresProcessesOf(pgData())).toEqual([]);
});

test("ends a Postgres that does not react by force, and the next start recovers", async () => {
  const first = await start();
  await query(first.databaseUrl, "create table enforced as select 3 as n");
  process.kill(first.pid, "SIGSTOP");
  await stopPostmaster(pgData(), first.pid, { fastLimitMs: 50, immediateLimitMs: 50 });
  expect(postgresProcessesOf(pgData())).toEqual([]);
  await first.stop();
  expect(await query((await start()).databaseUrl, "table enforced")).toEqual([{ n: 3 }]);
});

test("ends busy backends of a killed Postgres before it starts a new one", async () => {
  const { child, pid, databaseUrl } = await startInChild();
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query("select pg_backend_pid() as pid");
  const busy = client.query("do $$ begin loop end loop; end $$").catch(() => "broken off");
  await becomesTrue(
    async () => (await query(databaseUrl, "select from pg_stat_activity where query like 'do %'")).length > 0,
    { everyMs: 20, limitMs: 5000 },
  );
  await kill(child);
  process.kill(pid, "SIGKILL");
  await becomesTrue(() => !isAlive(pid), { everyMs: 5, limitMs: 5000 });
  expect(isAlive(rows[0].pid)).toBe(true);

  const postgres = await start();
  expect(postgres.adopted).toBe(false);
  expect(isAlive(rows[0].pid)).toBe(false);
  expect(await busy).toBe("broken off");
  expect(await query(postgres.databaseUrl, "select 1 as n")).toEqual([{ n: 1 }]);
});

test("is not misled by a lock file whose number belongs to another program", async () => {
  const { uid, gid } = await stat(pgData());
  // Of the same user as Postgres, which would take it for a live postmaster.
  const stranger = spawn("sleep", ["600"], { cwd: "/", ...(process.getuid?.() === 0 && { uid, gid }) });
  children.push(stranger);
  await writeFile(join(pgData(), "postmaster.pid"), `${stranger.pid}\n${pgData()}\n1700000000\n5432\n\n127.0.0.1\n`);
  const postgres = await start();
  expect(await query(postgres.databaseUrl, "select 1 as n")).toEqual([{ n: 1 }]);
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
});

test("says that a port is taken", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await expect(start({ port })).rejects.toMatchObject({
    code: "failed_precondition",
    message: `port ${port} on 127.0.0.1, meant for PostgreSQL, is taken`,
  });
  server.close();
  await once(server, "close");
  expect(new URL((await start({ port })).databaseUrl).port).toBe(String(port));
});

test("says what is wrong with a setting", async () => {
  await expect(start({ settings: { shared_buffers: "plenty" } })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/PostgreSQL does not start: .*postgresql\.conf/),
  });
});

test("says why a folder cannot be used", async () => {
  const closed = join(place, "closed");
  await mkdir(closed, { mode: 0o500 });
  await writeFile(join(place, "file"), "");
  for (const path of [join(closed, "data"), join(place, "file"), join(place, "file", "data")]) {
    await expect(startPostgres({ dataDir: path })).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringMatching(`^data folder ${path} cannot be used: .+; choose another one`),
    });
  }
});

test("refuses a database of another major version", async () => {
  const path = join(pgData(), "PG_VERSION");
  const version = await readFile(path, "utf8");
  await writeFile(path, "12\n");
  await expect(start()).rejects.toMatchObject({
    code: "failed_precondition",
    message: expect.stringContaining("was made by PostgreSQL 12"),
  });
  await writeFile(path, version);
});

test("serves over loopback alone when the folder's name is too long for a socket", async () => {
  const long = join(place, "a".repeat(60), "b".repeat(60));
  const { databaseUrl } = await start({ dataDir: long });
  expect(new URL(databaseUrl).searchParams.has("host")).toBe(false);
  expect(await query(databaseUrl, "select 1 as n")).toEqual([{ n: 1 }]);
});
