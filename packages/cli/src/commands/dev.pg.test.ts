import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  dataFolder,
  eventually,
  type HelveProcess,
  isAlive,
  postmasterOf,
  runHelve,
  startHelve,
} from "../testing/helve-process.ts";

interface Ready {
  grpcAddress: string;
  httpUrl: string;
  token: string;
  tenantId: string;
  databaseUrl: string;
  pid: number;
}

/** From source and beside other tests a start takes several times as long as it should. */
const LIMIT_MS = 60_000;
const START_LIMIT_MS = 40_000;
/** npm doubles a Ctrl-C within this time; whoever presses it again is slower. */
const LONGER_THAN_NPM_MS = 700;
const ANY_PORTS = { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" };

function readyFileOf(dataDir: string): string {
  return join(dirname(dataDir), "ready.json");
}

function start(dataDir: string, ...flags: string[]): HelveProcess {
  return startHelve(["dev", "--ready-file", readyFileOf(dataDir), ...flags], { HELVE_DATA_DIR: dataDir, ...ANY_PORTS });
}

async function ready(dataDir: string, helve: HelveProcess): Promise<Ready> {
  return eventually(
    `the ready file; it said ${helve.errText()}`,
    async () => {
      if (!isAlive(helve.pid)) throw new Error(`it ended: ${helve.errText()}`);
      const text = existsSync(readyFileOf(dataDir)) ? await readFile(readyFileOf(dataDir), "utf8") : "";
      const file = text === "" ? undefined : (JSON.parse(text) as Ready);
      // A killed one leaves its file behind.
      return file?.pid === helve.pid ? file : undefined;
    },
    START_LIMIT_MS,
  );
}

function workerPid(helve: HelveProcess): number {
  return Number(/sample-worker, process (\d+)/.exec(helve.outText())?.[1]);
}

describe("helve dev", { timeout: LIMIT_MS }, () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let helve: HelveProcess;
  let address: Ready;

  beforeAll(async () => {
    folder = await dataFolder();
    helve = start(folder.path);
    address = await ready(folder.path, helve);
    await eventually("the greeting", () => helve.outText().includes("Ctrl-C stops everything") || undefined);
  }, LIMIT_MS);
  afterAll(() => folder.remove());

  it("tells whoever waits for it how to reach it, in a file that others cannot read", () => {
    expect(Object.keys(address).sort()).toEqual(["databaseUrl", "grpcAddress", "httpUrl", "pid", "tenantId", "token"]);
    expect(address.pid).toBe(helve.pid);
    expect(statSync(readyFileOf(folder.path)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, "token")).mode & 0o777).toBe(0o600);
  });

  it("says where it listens, and shows the sample with its retry", () => {
    const out = helve.outText();
    expect(out).toContain(address.grpcAddress);
    expect(out).toContain(address.httpUrl);
    expect(out).toContain("charge-card failed and will be tried again: the card reader was busy");
    expect(out).toMatch(/charge-card is done after .*, at attempt 2/);
    expect(out).toMatch(/sample-order {2}completed, took \d/);
  });

  it("runs the sample's worker in a process of its own", () => {
    expect(isAlive(workerPid(helve))).toBe(true);
    expect(workerPid(helve)).not.toBe(helve.pid);
  });

  it("keeps the token out of whatever is no terminal", () => {
    expect(helve.outText() + helve.errText()).not.toContain(address.token);
    expect(helve.outText()).toContain(`$(cat ${folder.path}/token)`);
  });

  it("does not let a second engine into its data folder", async () => {
    const second = await runHelve(["dev", "--data-dir", folder.path], ANY_PORTS);
    expect(second.code).toBe(1);
    expect(second.err).toBe(
      `helve: data folder ${folder.path} is in use by Helve engine pid ${helve.pid}; stop it or choose another folder\n`,
    );
  });

  it("stops everything at one Ctrl-C, also when npm doubles it", async () => {
    const pids = [helve.pid, workerPid(helve), postmasterOf(folder.path) as number];
    helve.signal("SIGINT");
    helve.signal("SIGINT");
    expect(await helve.ended).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(readyFileOf(folder.path))).toBe(false);
    // A shutdown in order: nothing to recover.
    expect(await readFile(join(folder.path, "postgres.log"), "utf8")).toMatch(/database system is shut down\s*$/);
  });
});

describe("helve dev, when it does not end in order", { timeout: LIMIT_MS }, () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  beforeEach(async () => {
    folder = await dataFolder();
  });
  afterEach(() => folder.remove());

  it("takes the database over that a killed one has left running", async () => {
    const first = start(folder.path, "--no-sample");
    const { tenantId } = await ready(folder.path, first);
    const database = postmasterOf(folder.path);
    first.signal("SIGKILL");
    await first.ended;
    expect(postmasterOf(folder.path)).toBe(database);

    const second = start(folder.path, "--no-sample");
    const again = await ready(folder.path, second);
    expect(again.tenantId).toBe(tenantId);
    expect(postmasterOf(folder.path)).toBe(database);
    second.signal("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(postmasterOf(folder.path)).toBeUndefined();
  });

  it("ends at once at the second Ctrl-C, and leaves nothing running", async () => {
    const helve = start(folder.path);
    await ready(folder.path, helve);
    await eventually("the sample", () => helve.outText().includes("check-stock") || undefined);
    const worker = workerPid(helve);
    // A worker that does not answer keeps the first Ctrl-C waiting for its grace.
    process.kill(worker, "SIGSTOP");
    helve.signal("SIGINT");
    await pause(LONGER_THAN_NPM_MS);
    helve.signal("SIGINT");
    expect(await helve.ended).toBe(130);
    await eventually("the end of the database", () => postmasterOf(folder.path) === undefined || undefined);
    await eventually("the end of the worker", () => !isAlive(worker) || undefined);
  });

  it("takes its worker along when it is killed", async () => {
    const helve = start(folder.path);
    await ready(folder.path, helve);
    await eventually("the sample", () => helve.outText().includes("check-stock") || undefined);
    helve.signal("SIGKILL");
    await helve.ended;
    await eventually("the end of the worker", () => !isAlive(workerPid(helve)) || undefined);
  });
});

describe("helve dev, on a PostgreSQL of one's own", { timeout: LIMIT_MS }, () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => {
    [folder, database] = [await dataFolder(), await freshDatabase()];
  });
  afterAll(async () => {
    await folder.remove();
    await database.drop();
  });

  it("starts no other, and runs the sample there", async () => {
    const helve = start(folder.path, "--database-url", database.url);
    const { databaseUrl, token } = await ready(folder.path, helve);
    expect(databaseUrl).toBe(database.url);
    await eventually("the sample", () => helve.outText().includes("sample-order  completed") || undefined);
    expect(helve.outText()).toContain("yours, from DATABASE_URL");
    expect(helve.outText()).not.toContain(token);
    expect(existsSync(join(folder.path, "postgres"))).toBe(false);
    helve.signal("SIGTERM");
    expect(await helve.ended).toBe(0);
  });
});
