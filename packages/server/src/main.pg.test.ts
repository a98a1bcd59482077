import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DispatcherService } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServeOptions, serve } from "./main.ts";
import type { Running } from "./serve.ts";
import { call, testClient } from "./testing/test-client.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), "helve-server-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database?.drop();
});

function startProcess(args: readonly string[], databaseUrl = database.url): { child: ChildProcess; lines: string[] } {
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", MAIN, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl, HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
    lines.push(line);
    child.emit("line", line);
  });
  return { child, lines };
}

async function says(child: ChildProcess, lines: readonly string[], text: string): Promise<void> {
  while (!lines.some((line) => line.includes(text))) await once(child, "line");
}

/** The preface of a client, and its settings, which are the usual ones. */
const HTTP2_HELLO = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

const permissions = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

test("a process announces itself when tasks can run, and ends in order when asked", async () => {
  const readyFile = join(folder, "ready.json");
  const { child, lines } = startProcess(["serve", "--ready-file", readyFile]);
  await says(child, lines, "serving");

  const ready = JSON.parse(await readFile(readyFile, "utf8")) as Running & { pid: number };
  expect(await permissions(readyFile)).toBe("600");
  expect(ready).toEqual({
    grpcAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    httpUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    token: expect.stringMatching(/^ey/),
    tenantId: expect.any(String),
    databaseUrl: database.url,
    pid: child.pid,
  });
  const client = testClient(ready);
  await expect(call(client, DispatcherService.getVersion, {})).resolves.toBeDefined();
  client.close();
  expect(lines.join("\n")).not.toContain(ready.token);

  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(existsSync(readyFile)).toBe(false);
});

test("a process ends in order at one Ctrl-C that arrives twice, as under npm", async () => {
  const readyFile = join(folder, "twice.json");
  const { child, lines } = startProcess(["serve", "--ready-file", readyFile]);
  await says(child, lines, "serving");
  // Two of one kind could be merged on their way.
  child.kill("SIGINT");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(existsSync(readyFile)).toBe(false);
});

test.each([
  [
    "a database that cannot be reached",
    ["serve"],
    "postgres://127.0.0.1:1/helve",
    /^helve: no connection to the database: /,
  ],
  [
    "a flag that does not exist",
    ["serve", "--prot", "1"],
    "postgres://127.0.0.1:1/helve",
    /^helve: Unknown option '--prot'/,
  ],
  ["a command that does not exist", ["server"], "postgres://127.0.0.1:1/helve", /^helve: there is no command 'server'/],
])("a process that meets %s says so in a sentence and ends with 1", async (_what, args, url, sentence) => {
  const { child, lines } = startProcess(args, url);

  expect(await once(child, "exit")).toEqual([1, null]);
  expect(lines).toEqual([expect.stringMatching(sentence)]);
});

async function serveHere(options: ServeOptions): Promise<Running> {
  return serve({ databaseUrl: database.url, grpcPort: 0, httpPort: 0, log: pino({ level: "silent" }), ...options });
}

test("a process ends although a client that is no longer there never closes its connection", async () => {
  const readyFile = join(folder, "half-open.json");
  const { child, lines } = startProcess(["serve", "--ready-file", readyFile]);
  await says(child, lines, "serving");
  const { grpcAddress } = JSON.parse(await readFile(readyFile, "utf8")) as Running;
  const socket = connect({ port: Number(grpcAddress.split(":")[1]), host: "127.0.0.1", allowHalfOpen: true });
  try {
    socket.on("error", () => {});
    socket.write(HTTP2_HELLO);
    await once(socket, "data");
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const askedAt = performance.now();
    expect(await exited).toEqual([0, null]);
    // Not after the ten seconds that calls under way are given.
    expect(performance.now() - askedAt).toBeLessThan(8_000);
  } finally {
    child.kill("SIGKILL");
    socket.destroy();
  }
}, 40_000);

test("the first token lies in the data folder, stays while it fits, and is made anew when it does not", async () => {
  const dataDir = join(folder, "data");
  const tokenFile = join(dataDir, "token");
  const first = await serveHere({ dataDir });
  await first.stop();
  expect(await permissions(tokenFile)).toBe("600");
  expect((await readFile(tokenFile, "utf8")).trim()).toBe(first.token);

  const grpcPort = Number(first.grpcAddress.split(":")[1]);
  const httpPort = Number(new URL(first.httpUrl).port);
  const again = await serveHere({ dataDir, grpcPort, httpPort });
  await again.stop();
  expect(again.token).toBe(first.token);

  const moved = await serveHere({ dataDir, grpcPort, httpPort, publicUrl: "https://helve.example" });
  await moved.stop();
  expect(moved.token).not.toBe(first.token);
});

test("without a place to keep it no token is made, but one can be asked for", async () => {
  const running = await serveHere({});
  const token = await running.mintToken("by hand");
  const client = testClient({ grpcAddress: running.grpcAddress, token });

  expect(running.token).toBeUndefined();
  await expect(call(client, DispatcherService.getVersion, {})).resolves.toBeDefined();
  client.close();
  await running.stop();
});

test("a file that cannot be written is named", async () => {
  const readyFile = join(MAIN, "ready.json");

  await expect(serveHere({ readyFile })).rejects.toMatchObject({
    code: "failed_precondition",
    message: expect.stringContaining(`cannot write ${readyFile}`),
  });
});
