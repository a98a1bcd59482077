import { mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataFolder, eventually, isAlive, postmasterOf, runHelve, startHelve } from "../testing/helve-process.ts";

/** What stands in the way of a start is told in one sentence, and nothing is left running. */
describe("helve dev, when something stands in its way", { timeout: 60_000 }, () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let blocker: Server | undefined;
  beforeEach(async () => {
    folder = await dataFolder();
  });
  afterEach(async () => {
    await new Promise((resolve) => (blocker ? blocker.close(resolve) : resolve(undefined)));
    blocker = undefined;
    await folder.remove();
  });

  async function takenPort(): Promise<number> {
    const server = createServer();
    blocker = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  const start = (env: Record<string, string>) =>
    runHelve(["dev", "--log-level", "silent"], {
      HELVE_DATA_DIR: folder.path,
      HELVE_GRPC_PORT: "0",
      HELVE_HTTP_PORT: "0",
      ...env,
    });

  it.each([
    ["gRPC", "HELVE_GRPC_PORT"],
    ["HTTP", "HELVE_HTTP_PORT"],
  ])("says that the port for %s is taken", async (what, variable) => {
    const port = await takenPort();
    const { code, err } = await start({ [variable]: String(port) });
    expect(err).toBe(`helve: cannot listen for ${what} on 127.0.0.1:${port}: another program has it\n`);
    expect(code).toBe(1);
    expect(postmasterOf(folder.path)).toBeUndefined();
  });

  it("says why a data folder cannot be written", async () => {
    const { code, err } = await start({ HELVE_DATA_DIR: "/proc/helve" });
    expect(err).toMatch(
      /^helve: data folder \/proc\/helve cannot be used: .+; choose another one with HELVE_DATA_DIR\n$/,
    );
    expect(code).toBe(1);
  });

  it("says that there is a file where the data folder should be", async () => {
    const path = join(dirname(folder.path), "file");
    await writeFile(path, "");
    const { code, err } = await start({ HELVE_DATA_DIR: path });
    expect(err).toContain(`data folder ${path} cannot be used: there is a file in its place`);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  });

  it("says that nothing answers at DATABASE_URL, without its password", async () => {
    const { code, err } = await start({ DATABASE_URL: "postgresql://helve:hunter2@127.0.0.1:1/helve" });
    expect(err).toMatch(/^helve: no connection to the database: .*ECONNREFUSED 127\.0\.0\.1:1\n$/);
    expect(err).not.toContain("hunter2");
    expect(code).toBe(1);
  });

  it("says that the ready file cannot be written", async () => {
    const { code, err } = await start({ HELVE_READY_FILE: "/proc/ready.json" });
    expect(err).toMatch(/^helve: cannot write \/proc\/ready\.json: .+\n$/);
    expect(code).toBe(1);
    expect(postmasterOf(folder.path)).toBeUndefined();
  });

  it("is not held up by locks that nobody holds any more", async () => {
    const readyFile = join(dirname(folder.path), "ready.json");
    const args = ["dev", "--no-sample", "--ready-file", readyFile, "--data-dir", folder.path];
    const ports = { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" };
    const first = startHelve(args, ports);
    const database = await eventually("the database", () => postmasterOf(folder.path), 30_000);
    await eventually("the engine", () => first.outText().includes("can run tasks") || undefined);
    first.signal("SIGKILL");
    await first.ended;
    process.kill(database, "SIGKILL");
    await eventually("the end of the database", () => !isAlive(database) || undefined);
    // The drafts of another start that died are in nobody's way either.
    await mkdir(join(folder.path, "postgres.new"));

    const second = startHelve(args, ports);
    await eventually("the second engine", () => second.outText().includes("can run tasks") || undefined, 30_000);
    second.signal("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  it.each([
    [["--grpc-port", "99999"], "--grpc-port is '99999': it must be a port from 1 to 65535, or 0 for any that is free"],
    [["--nonsense"], "Unknown option '--nonsense'. Flags are: --data-dir, "],
    [
      ["--host", "0.0.0.0"],
      "host 0.0.0.0 can be reached from other machines: give --tls-cert and --tls-key, or --insecure",
    ],
  ])("leaves with 2 when flags are wrong: %j", async (flags, sentence) => {
    const { code, err } = await runHelve(["dev", ...flags], { HELVE_DATA_DIR: folder.path });
    expect(err).toContain(`helve: ${sentence}`);
    expect(code).toBe(2);
  });
});
