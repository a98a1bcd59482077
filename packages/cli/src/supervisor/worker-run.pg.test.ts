import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { RunDetails, Summary } from "../engine/runs.ts";
import type { Worker } from "../engine/workers.ts";
import { dataFolder, eventually, type HelveProcess, isAlive, runHelve, startHelve } from "../testing/helve-process.ts";

const LIMIT_MS = 50_000;
const WORKER = fileURLToPath(new URL("../testing/supervised-worker.ts", import.meta.url));
const PROGRAM = [process.execPath, "--conditions=source", "--import", "tsx", WORKER];

/** Supervisors over real worker processes and a real engine. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
let place: string;
let engine: { token: string; httpUrl: string; tenantId: string };
let env: Record<string, string>;
const supervisors: HelveProcess[] = [];

beforeAll(async () => {
  folder = await dataFolder();
  place = await mkdtemp(join(tmpdir(), "helve-sup-"));
  const readyFile = join(dirname(folder.path), "ready.json");
  startHelve(["serve", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"], {
    HELVE_GRPC_PORT: "0",
    HELVE_HTTP_PORT: "0",
  });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 25_000);
  engine = JSON.parse(await readFile(readyFile, "utf8"));
  env = { HELVE_CLIENT_TOKEN: engine.token, XDG_RUNTIME_DIR: place };
});
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) {
    if (isAlive(supervisor.pid)) supervisor.signal("SIGTERM");
    await supervisor.ended;
    await eventually("the copies to end", () => !copiesOf(supervisor).some(isAlive) || undefined);
  }
}, LIMIT_MS);
afterAll(async () => {
  await folder.remove();
  await rm(place, { recursive: true, force: true });
});

function supervise(flags: readonly string[], release = "one"): HelveProcess {
  const supervisor = startHelve(
    ["worker", "run", "--name", "w", "--grace", "8s", ...flags, "--", ...PROGRAM, release],
    env,
  );
  supervisors.push(supervisor);
  return supervisor;
}

/** The processes of all copies that were ever started, in order. */
function copiesOf(supervisor: HelveProcess): number[] {
  return [...supervisor.errText().matchAll(/started, process (\d+)/g)].map(([, pid]) => Number(pid));
}

async function said(supervisor: HelveProcess, what: string | RegExp): Promise<void> {
  const text = () => supervisor.errText() + supervisor.outText();
  await eventually(`'${what}'`, () => text().match(what) ?? undefined, 40_000).catch((error: Error) => {
    throw new Error(`${error.message}; it said:\n${text()}`);
  });
}

/** @returns the ids of the runs */
function triggerMany(workflowName: string, input: object, count: number): Promise<string[]> {
  const start = async (): Promise<string> => {
    const response = await fetch(`${engine.httpUrl}/api/v1/stable/tenants/${engine.tenantId}/workflow-runs/trigger`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.token}`, "content-type": "application/json" },
      body: JSON.stringify({ workflowName, input }),
    });
    return ((await response.json()) as RunDetails).run.metadata.id;
  };
  return Promise.all(Array.from({ length: count }, start));
}

async function activeWorkers(): Promise<Worker[]> {
  const { out } = await runHelve(["workers", "--name", "supervised", "--json"], env);
  return (JSON.parse(out) as { rows: Worker[] }).rows;
}

it(
  "starts a copy again that was killed, and drains all of them on SIGTERM",
  async () => {
    const supervisor = supervise(["--copies", "2"]);
    await said(supervisor, /w\/2 is worker /);
    process.kill(copiesOf(supervisor)[0] as number, "SIGKILL");
    await said(supervisor, "w/1 ended by itself after ");
    await said(supervisor, /w\/1\.2 is worker /);
    const { out } = await runHelve(["trigger", "supervised-wait", '{"ms":2500}'], env);
    await eventually(
      "a task that runs",
      async () => (await activeWorkers()).some(({ slotConfig }) => slotConfig?.default?.available === 3) || undefined,
    );
    supervisor.signal("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(copiesOf(supervisor).filter(isAlive)).toEqual([]);
    const run = await runHelve(["run", out.trim(), "--json"], env);
    expect(JSON.parse(run.out)).toMatchObject({ run: { status: "COMPLETED" }, tasks: [{ attempt: 1 }] });
    expect(supervisor.outText()).toContain("w/2 | release one works\n");
  },
  LIMIT_MS,
);

it(
  "ends what a copy has started beside itself, when the copy alone is killed",
  async () => {
    const supervisor = supervise([], "forking");
    await said(supervisor, /w\/1 is worker /);
    await said(supervisor, /beside it, port \d+/);
    const port = /beside it, port (\d+)/.exec(supervisor.outText())?.[1];
    const listens = () =>
      fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(1000) }).catch((error) => error);
    expect(await listens()).toMatchObject({ name: "TimeoutError" });
    process.kill(copiesOf(supervisor)[0] as number, "SIGKILL");
    await said(supervisor, "w/1 ended by itself after ");
    expect(await listens()).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  },
  LIMIT_MS,
);

it(
  "leaves no orphan when it is killed, and its successor no second copy",
  async () => {
    const first = supervise([]);
    await said(first, /w\/1 is worker /);
    const [copy = 0] = copiesOf(first);
    first.signal("SIGKILL");
    await first.ended;
    const second = supervise([]);
    await eventually("the next copy", () => copiesOf(second).length > 0 || undefined);
    expect(isAlive(copy)).toBe(false);
    const third = await runHelve(["worker", "run", "--name", "w", "--", ...PROGRAM], env);
    expect([third.code, third.err]).toEqual([1, expect.stringContaining("already supervised in this folder")]);
  },
  LIMIT_MS,
);

it(
  "gives up a program that ends again and again, with its last words",
  async () => {
    const supervisor = supervise(["--max-crashes", "2"], "crashing");
    expect(await supervisor.ended).toBe(1);
    expect(supervisor.errText()).toMatch(/w\/1 ended by itself after .*: code 3: no such table/);
    expect(supervisor.errText()).toContain("w/1.2 is given up: it ended 2 times in a row");
  },
  LIMIT_MS,
);

it(
  "restarts a copy whose process lives and whose worker has fallen silent",
  async () => {
    const supervisor = supervise(["--inactive", "1s", "--grace", "1s"]);
    await said(supervisor, /w\/1 is worker /);
    process.kill(copiesOf(supervisor)[0] as number, "SIGSTOP");
    await said(supervisor, /w\/1 is restarted: /);
    await said(supervisor, /w\/1\.2 is worker /);
  },
  LIMIT_MS,
);

it(
  "restarts a copy whose worker takes a task and does not confirm it, as the engine has quarantined it",
  async () => {
    const supervisor = supervise(["--grace", "1s"]);
    await said(supervisor, /w\/1 is worker /);
    const { out } = await runHelve(["trigger", "supervised-block"], env);
    await said(supervisor, /w\/1 is restarted: the engine has quarantined its worker: /);
    await runHelve(["cancel", out.trim()], env);
    await said(supervisor, /w\/1\.2 is worker /);
  },
  LIMIT_MS,
);

it(
  "restarts a copy whose worker says itself that it is not well, and gives each a port to say so",
  async () => {
    const supervisor = supervise(["--copies", "2", "--unhealthy", "8s", "--grace", "1s"]);
    await said(supervisor, /w\/2 is worker /);
    // Not as long as it takes the engine to put it into quarantine; /health remembers it.
    await runHelve(["trigger", "supervised-block", '{"ms":6000}'], env);
    await said(
      supervisor,
      /w\/(\d) is restarted: its worker has not been healthy for \d+ s: its event loop stood still for /,
    );
    await said(supervisor, /w\/\d\.2 is worker /);
    expect(supervisor.errText()).not.toMatch(/cannot listen for health checks/);
    expect(supervisor.outText()).not.toMatch(/cannot listen for health checks/);
  },
  LIMIT_MS,
);

it(
  "gives a task up that kills its worker every time, after ten lost hand-outs, and no other task",
  async () => {
    const supervisor = supervise(["--copies", "3", "--stable", "1s"]);
    await said(supervisor, /w\/3 is worker /);
    const poison = (await runHelve(["trigger", "supervised-poison"], env)).out.trim();
    const { out, code } = await runHelve(["trigger", "supervised-wait", '{"ms":1}', "--wait"], env);
    expect([code, out]).toEqual([0, expect.stringContaining("completed")]);
    const shown = await eventually(
      "the end of the poison",
      async () => {
        const { out: text } = await runHelve(["run", poison], env);
        return /^supervised-poison +failed, /m.test(text) ? text : undefined;
      },
      90_000,
    ).catch(async (error: Error) => {
      const { out: text } = await runHelve(["run", poison], env);
      throw new Error(`${error.message}; it is:\n${text}\n${supervisor.errText()}`);
    });
    expect(shown).toContain(
      "supervised-poison, attempt 11: given up after 10 lost hand-outs, the last: the worker's process has gone: all its connections are closed",
    );
    expect([...supervisor.errText().matchAll(/ended by itself .*: SIGKILL/g)].length).toBe(11);
  },
  3 * LIMIT_MS,
);

it(
  "follows the load with the number of its copies, and drains those that are too many",
  async () => {
    const scale = ["--min", "1", "--max", "3", "--scale-up-after", "1s", "--scale-down-after", "3s"];
    const supervisor = supervise(scale);
    await said(supervisor, /w\/1 is worker /);
    const runs = await triggerMany("supervised-wait", { ms: 1500 }, 60);
    await said(supervisor, /from 1 to 2 copies: a task has waited for \d+ s, 4 of 4 slots are taken/);
    await said(supervisor, /from 2 to 3 copies: /);
    await said(
      supervisor,
      /from 3 to 2 copies: one copy less would have done for 3 s\nhelve \| w\/\d is drained: it is one too many/,
    );
    await said(supervisor, /from 2 to 1 copies: /);
    await eventually("the end of two copies", () => copiesOf(supervisor).filter(isAlive).length === 1 || undefined);
    const { out } = await runHelve(["runs", "--workflow", "supervised-wait", "--limit", "1000", "--json"], env);
    const { rows } = JSON.parse(out) as { rows: (Summary & { attempt: number })[] };
    const ended = rows.filter(({ metadata }) => runs.includes(metadata.id));
    expect(ended.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual(runs.map(() => "COMPLETED 1"));
  },
  2 * LIMIT_MS,
);

it(
  "replaces a copy that has done enough",
  async () => {
    const supervisor = supervise(["--max-tasks", "2"]);
    await said(supervisor, /w\/1 is worker /);
    for (let n = 0; n < 2; n++) await runHelve(["trigger", "supervised-wait", '{"ms":1}', "--wait"], env);
    await said(supervisor, "w/1 is drained and replaced: it has done 2 tasks");
    await said(supervisor, /w\/1\.2 is worker /);
  },
  LIMIT_MS,
);

it(
  "replaces a copy that leaks, when it has finished what it has, and loses no task",
  async () => {
    const supervisor = supervise(["--max-memory", "700MB"]);
    await said(supervisor, /w\/1 is worker /);
    // Four at a time are over the limit, and in hand for longer than it takes to see that; two more are not.
    const runs = await triggerMany("supervised-leak", { megabytes: 200, ms: 6000 }, 6);
    await said(supervisor, /w\/1 is drained and replaced: it takes \d+ MB of 700/);
    await said(supervisor, /w\/1\.2 is worker /);
    const details = async (id: string) =>
      JSON.parse((await runHelve(["run", id, "--json"], env)).out) as RunDetails & { tasks: { attempt: number }[] };
    const ended = await eventually("all runs to end", async () => {
      const all = await Promise.all(runs.map(details));
      return all.every(({ run }) => run.status === "COMPLETED") ? all : undefined;
    });
    expect(ended.map(({ tasks }) => tasks[0]?.attempt)).toEqual(runs.map(() => 1));
    const [leaking = 0, next = 0] = copiesOf(supervisor);
    const pids = ended.map(({ run }) => (run.output as { pid: number }).pid);
    expect(pids.filter((pid) => pid === leaking)).toHaveLength(4);
    expect(pids.filter((pid) => pid === next)).toHaveLength(2);
    expect(isAlive(leaking)).toBe(false);
  },
  LIMIT_MS,
);

it(
  "rolls on SIGHUP, and goes on with the old release when the new one does not start",
  async () => {
    const file = join(place, "release.txt");
    await writeFile(file, "one\n");
    const supervisor = supervise(["--release-file", file], "{release}");
    await said(supervisor, /w\/1 is worker /);
    await writeFile(file, "two\n");
    supervisor.signal("SIGHUP");
    await said(supervisor, "all 1 copies are new");
    await writeFile(file, "crashing\n");
    supervisor.signal("SIGHUP");
    await said(supervisor, "the roll stops at slot 1: w/1.3 ended: code 3: no such table");
    const { out } = await runHelve(["trigger", "supervised-wait", '{"ms":1}', "--wait"], env);
    expect(out).toContain('{"release":"two"}');
  },
  LIMIT_MS,
);

it(
  "goes back to the old release when too many tasks of the new one fail",
  async () => {
    const file = join(place, "failing.txt");
    await writeFile(file, "one\n");
    const supervisor = supervise(["--release-file", file, "--max-failures", "20"], "{release}");
    await said(supervisor, /w\/1 is worker /);
    await writeFile(file, "failing\n");
    supervisor.signal("SIGHUP");
    await said(supervisor, /w\/1\.2 is worker /);
    await eventually("the old copy to end", () => !isAlive(copiesOf(supervisor)[0] as number) || undefined);
    await triggerMany("supervised-wait", { ms: 1 }, 12);
    await said(supervisor, /1\d of 1\d tasks of the new copies failed, more than 20 %/);
    await said(supervisor, "the old release runs again");
    const { out } = await runHelve(["trigger", "supervised-wait", '{"ms":1}', "--wait"], env);
    expect(out).toContain('{"release":"one"}');
  },
  LIMIT_MS,
);
