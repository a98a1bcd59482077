import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HelveClient } from "@helve/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli.ts";
import { dataFolder, eventually, startHelve } from "../testing/helve-process.ts";
import { type MemoryIoOptions, memoryIo } from "../testing/memory-io.ts";

/** The commands that speak to an engine, against one that runs, with the sample's worker beside it. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
beforeAll(async () => {
  folder = await dataFolder();
  const readyFile = join(dirname(folder.path), "ready.json");
  const ports = { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" };
  const helve = startHelve(
    ["dev", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"],
    ports,
  );
  await eventually("the engine", () => existsSync(readyFile) || undefined, 40_000);
  await eventually("the sample", () => helve.outText().includes("Ctrl-C stops everything") || undefined);
}, 60_000);
afterAll(() => folder.remove());

/** Runs a command as if typed on this machine. */
async function helve(
  args: string[],
  options: MemoryIoOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { HELVE_DATA_DIR: folder.path }, ...options });
  const code = await runCli(args, io);
  return { code, out: io.outText(), err: io.errText() };
}

async function started(...args: string[]): Promise<string> {
  const { code, out, err } = await helve(["trigger", "sample-order", ...args]);
  expect(err).toBe("");
  expect(code).toBe(0);
  return out.trim();
}

async function statusOf(id: string): Promise<string> {
  const { out } = await helve(["run", id, "--json"]);
  return (JSON.parse(out) as { run: { status: string } }).run.status;
}

describe("helve trigger", () => {
  it("starts a run and prints its id, and nothing else", async () => {
    expect(await started('{"item":"teapot"}')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("waits for the end, shows how it goes, and gives the result", async () => {
    const { code, out, err } = await helve(["trigger", "sample-order", '{"item":"teapot"}', "--wait"]);
    expect(code).toBe(0);
    expect(err).toContain("charge-card failed and will be tried again: the card reader was busy");
    expect(out).toMatch(/sample-order {2}completed, took \d\.\d\d s, started \d s ago/);
    expect(out).toContain('ship: {"shipped":"teapot","label":"H-001"}');
  });

  it("reads its input from standard input, and prints what the API returned", async () => {
    const { code, out, err } = await helve(["trigger", "sample-order", "-", "--wait", "--json"], {
      input: '{"item":"pan"}',
    });
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({ run: { status: "COMPLETED", input: { item: "pan" } } });
  });

  it("says that there is no such workflow", async () => {
    const { code, out, err } = await helve(["trigger", "nothing-of-that-name"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe("helve: the engine refused: workflow names not found: nothing-of-that-name\n");
  });

  it("keeps metadata with the run", async () => {
    const id = await started("{}", "--metadata", '{"order":"17"}', "--priority", "3");
    const { out } = await helve(["run", id, "--json"]);
    expect(JSON.parse(out)).toMatchObject({ run: { additionalMetadata: { order: "17" } } });
  });
});

describe("helve runs", () => {
  it("lists the newest first", async () => {
    const [first, second] = [await started(), await started()];
    const { code, out } = await helve(["runs"]);
    expect(code).toBe(0);
    const [head, ...rows] = out.trimEnd().split("\n");
    expect(head).toMatch(/^RUN +WORKFLOW +STATUS +STARTED +TOOK$/);
    expect(rows.slice(0, 2).map((row) => row.split(" ")[0])).toEqual([second, first]);
  });

  it("is narrowed by workflow, status, age and number", async () => {
    const narrowed = ["--workflow", "sample-order", "--status", "completed", "--since", "1h", "--limit", "1"];
    const { out } = await helve(["runs", ...narrowed, "--json"]);
    const { rows } = JSON.parse(out) as { rows: { status: string }[] };
    expect(rows.map((row) => row.status)).toEqual(["COMPLETED"]);
  });

  it("says so when there are none, and when there is no such workflow", async () => {
    expect((await helve(["runs", "--status", "failed"])).out).toBe("No runs in the last 24h.\n");
    const { code, err } = await helve(["runs", "--workflow", "nothing"]);
    expect([code, err]).toEqual([1, "helve: there is no workflow 'nothing'\n"]);
  });
});

describe("helve run", () => {
  it("draws the graph and shows what failed and what came of it", async () => {
    const id = await started('{"item":"cup"}');
    await eventually("its end", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
    const { code, out } = await helve(["run", id]);
    expect(code).toBe(0);
    expect(out).toContain("✓ check-stock ────┼─ ✓ pack ───────────┼─ ✓ ship");
    expect(out).toContain("charge-card, attempt 1: the card reader was busy");
    expect(out).toContain('ship: {"shipped":"cup","label":"H-001"}');
  });

  it("says what keeps a run, and so does the list of those that wait", async () => {
    await helve(["workers", "pause", "--name", "sample-worker"]);
    const id = await started();
    const { out } = await helve(["run", id]);
    expect(out).toContain(
      "  check-stock: workers that could take it are given nothing now\n    sample-worker is paused\n",
    );
    expect(out).toContain("    released by: one of them takes work again; its schedule timeout is in ");
    const json = JSON.parse((await helve(["run", id, "--json"])).out) as { waits: object[] };
    expect(json.waits[0]).toMatchObject({ reasons: [{ rule: "not_accepting", workers: [{ name: "sample-worker" }] }] });

    const list = (await helve(["runs", "--waiting"])).out.split("\n");
    expect(list[0]).toMatch(/ WHY$/);
    expect(list[1]).toMatch(new RegExp(`^${id} .* workers that could take it are given nothing now$`));
    await helve(["workers", "resume", "--name", "sample-worker"]);
    await eventually("its end", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
    expect((await helve(["runs", "--waiting", "--status", "failed"])).err).toContain("exclude each other");
  });

  it("says that there is no such run, and what an id looks like", async () => {
    expect((await helve(["run", "01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000"])).err).toBe(
      "helve: the engine refused: not found\n",
    );
    expect((await helve(["run", "17"])).err).toContain("'17' is no id; ids are like ");
  });
});

describe("helve logs", () => {
  it("shows what the tasks of a run logged, and says when that is nothing", async () => {
    const id = await started('{"item":"lamp"}');
    expect(await helve(["logs", id])).toMatchObject({ code: 0, out: "", err: "helve: nothing has been logged\n" });
    await eventually("its end", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
    const { code, out } = await helve(["logs", id]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d{4}-\S+Z {2}INFO {3}ship-\d+ {2}lamp goes out with label H-001\n$/);
    const json = JSON.parse((await helve(["logs", id, "--json"])).out) as object;
    expect(json).toMatchObject({ message: "lamp goes out with label H-001", level: "INFO", attempt: 1 });
  });

  it.each(["--follow", "-f"])("goes on until the run has ended with %s, and shows each line once", async (flag) => {
    const id = await started('{"item":"desk"}');
    const { code, out } = await helve(["logs", id, flag]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^\S+ {2}INFO {3}ship-\d+ {2}desk goes out .*\n$/)]);
    expect(await statusOf(id)).toBe("COMPLETED");
  });

  it("ends with 1 when the run it follows has not succeeded", async () => {
    const id = await started();
    const following = helve(["logs", id, "-f"]);
    await helve(["cancel", id]);
    expect(await following).toMatchObject({ code: 1, out: "" });
  });
});

describe("helve cancel and helve replay", () => {
  it("cancel a run that goes on, and run it again", async () => {
    const id = await started();
    const cancelled = await helve(["cancel", id]);
    expect([cancelled.code, cancelled.out]).toEqual([0, `Asked to cancel ${id}.\n`]);
    await eventually("its end", async () => ((await statusOf(id)) === "CANCELLED" ? true : undefined));

    const replayed = await helve(["replay", id]);
    expect([replayed.code, replayed.out]).toEqual([0, "5 tasks run again.\n"]);
    await eventually("its success", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
  });

  it("say when nothing was to replay", async () => {
    const { code, err } = await helve(["replay", "01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000"]);
    expect([code, err]).toEqual([1, "helve: nothing runs again: no such run, or it has not ended\n"]);
  });
});

describe("helve actions", () => {
  it("lists what workers must be able to do", async () => {
    const { code, out } = await helve(["actions"]);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^ACTION +WORKERS +WAITING +LONGEST +WORKFLOWS$/);
    expect(out).toMatch(/\nsample-order:ship +1 +0 +sample-order\n/);
    expect((await helve(["actions", "--unserved"])).out).toBe("Every action has a connected worker.\n");
    expect(JSON.parse((await helve(["actions", "--json"])).out)).toMatchObject({ rows: expect.any(Array) });
  });
});

describe("helve dashboard", () => {
  it("prints a link that carries the token where no server sees it", async () => {
    const token = (await readFile(join(folder.path, "token"), "utf8")).trim();
    const { code, out } = await helve(["dashboard"]);
    const { origin, pathname, hash } = new URL(out.trim());
    expect([code, pathname, hash]).toEqual([0, "/", `#token=${token}`]);
    expect((await fetch(`${origin}/live`)).status).toBe(200);
  });

  it("prints none with a token that the engine does not accept", async () => {
    const token = (await readFile(join(folder.path, "token"), "utf8")).trim();
    const { code, out, err } = await helve(["dashboard", "--token", `${token.slice(0, -4)}AAAA`]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("does not accept the token of --token");
  });
});

/** A run that no worker takes within a second. */
async function failedRun(): Promise<string> {
  const token = (await readFile(join(folder.path, "token"), "utf8")).trim();
  const client = HelveClient.init({ token, tls_config: { tls_strategy: "none" }, log_level: "OFF" });
  const task = client.task({ name: "waits-in-vain", scheduleTimeout: "1s", fn: async () => {} });
  await client.worker("never-started", { workflows: [task] });
  const id = await (await task.runNoWait({})).getWorkflowRunId();
  client.close();
  await eventually("its end", async () => ((await statusOf(id)) === "FAILED" ? true : undefined));
  return id;
}

describe("failed runs", () => {
  it("are listed with their errors, and run again when that is confirmed", async () => {
    expect((await helve(["replay", "--failed"])).out).toBe("No run of the last 1h failed.\n");
    const id = await failedRun();
    const list = (await helve(["runs", "--failed"])).out.split("\n");
    expect(list[0]).toMatch(/ ERROR$/);
    expect(list[1]).toMatch(new RegExp(`^${id} .* failed .*schedule timeout`));

    const counted = await helve(["replay", "--failed", "--workflow", "waits-in-vain"]);
    expect([counted.code, counted.out]).toEqual([1, ""]);
    expect(counted.err).toContain("1 run of the last 1h failed; --yes runs them again");
    expect(await statusOf(id)).toBe("FAILED");
    const { code, out } = await helve(["replay", "--failed", "--yes"]);
    expect([code, out]).toEqual([0, "1 run of the last 1h failed; 1 task runs again.\n"]);
    expect((await helve(["replay"])).err).toContain("takes ids, or --failed");
  });
});

describe("helve workflows", () => {
  it("pauses one, shows it, says of its runs why they wait, and resumes it", async () => {
    expect((await helve(["workflows", "pause", "sample-order", "--keep", "1h"])).out).toBe("sample-order is paused\n");
    expect((await helve(["workflows"])).out).toMatch(/^WORKFLOW +STATE +MADE +ID\n(.*\n)*sample-order +paused /);
    const id = await started();
    expect((await helve(["runs", "--waiting"])).out).toMatch(new RegExp(`${id} .* workflow sample-order is paused\n`));
    expect((await helve(["run", id])).out).toContain("    released by: somebody resumes the workflow\n");
    const { out } = await helve(["workflows", "resume", "sample-order", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ rows: [{ name: "sample-order", isPaused: false }] });
    await eventually("its end", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
  });

  it("changes nothing when a name is not known, or when it is not clear what is meant", async () => {
    const { code, err } = await helve(["workflows", "pause", "sample-order", "nothing"]);
    expect([code, err]).toEqual([1, "helve: there is no workflow 'nothing'\n"]);
    expect((await helve(["workflows"])).out).toMatch(/sample-order +active /);
    expect((await helve(["workflows", "pause"])).err).toContain("which workflows?");
    expect((await helve(["workflows", "stop", "x"])).err).toContain("has no 'stop'");
    expect((await helve(["workflows", "resume", "x", "--keep", "1h"])).code).toBe(2);
  });
});

describe("helve workers", () => {
  it("lists who is connected, with free slots", async () => {
    const { code, out } = await helve(["workers"]);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^WORKER +NAME +STATE +SLOTS +SDK +LANGUAGE +OS +HEARTBEAT$/);
    expect(out).toMatch(/ sample-worker +active +\d+\/10 /);
  });

  it("are drained: paused, waited for, and said to have nothing left", async () => {
    const id = await started();
    const { code, out } = await helve(["workers", "drain", "--name", "sample-worker", "--timeout", "30s"]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36} \(sample-worker\) has nothing left\n$/)]);
    expect((await helve(["workers"])).out).toMatch(/ sample-worker +paused +0\/10 /);
    expect((await helve(["workers", "resume", "--name", "sample-worker"])).out).toMatch(/ is active\n$/);
    await eventually("its end", async () => ((await statusOf(id)) === "COMPLETED" ? true : undefined));
    const { code: refused, err } = await helve(["workers", "pause"]);
    expect([refused, err]).toEqual([2, expect.stringContaining("takes ids, --name, --label or --version")]);
    expect((await helve(["workers", "drain", "--version", "none"])).err).toContain("no connected worker is meant");
  });

  it("prints what the API returned", async () => {
    const { out } = await helve(["workers", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ rows: [{ name: "sample-worker", status: "ACTIVE" }] });
  });
});

describe("a token", () => {
  it("that is none of this engine is refused with a sentence", async () => {
    const [head, , signature] = (await readFile(join(folder.path, "token"), "utf8")).trim().split(".");
    const { apiUrl, tenantId } = await addressOf(folder.path);
    const claims = Buffer.from(JSON.stringify({ sub: tenantId, server_url: apiUrl })).toString("base64url");
    const { code, err } = await helve(["runs", "--token", `${head}.${claims}.${signature}`]);
    expect([code, err]).toEqual([
      1,
      `helve: the engine at ${apiUrl} does not accept the token of --token: it is revoked, expired or another engine's\n`,
    ]);
  });
});

async function addressOf(dataDir: string): Promise<{ apiUrl: string; tenantId: string }> {
  const token = await readFile(join(dataDir, "token"), "utf8");
  const claims = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString("utf8"));
  return { apiUrl: claims.server_url, tenantId: claims.sub };
}
