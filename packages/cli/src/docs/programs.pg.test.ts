import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli.ts";
import { dataFolder, eventually, startHelve } from "../testing/helve-process.ts";
import { memoryIo } from "../testing/memory-io.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** The programs that pages show, typed in as they stand there and run against an engine. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
let place: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await dataFolder();
  // Inside the clone, where a reader would save them: they find the SDK there.
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  place = await mkdtemp(join(ROOT, ".cache", "docs-"));
  const readyFile = join(dirname(folder.path), "ready.json");
  const flags = ["--no-sample", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"];
  startHelve(["dev", ...flags], { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 40_000);
}, 60_000);
afterEach(async () => {
  for (const child of running) {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await ended;
  }
});
afterAll(async () => {
  await folder.remove();
  await rm(place, { recursive: true, force: true });
});

/** The n-th program of a page: a block of JavaScript. */
async function programOf(page: string, n: number): Promise<string> {
  const blocks = [...(await readFile(join(ROOT, page), "utf8")).matchAll(/^```js\n(.*?)^```$/gms)];
  return blocks[n]?.[1] as string;
}

async function start(program: string): Promise<ChildProcess> {
  const file = join(place, `${running.size}-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, program);
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", file], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HELVE_CLIENT_TLS_STRATEGY: "none",
      HELVE_CLIENT_TOKEN: (await readFile(join(folder.path, "token"), "utf8")).trim(),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

async function helve(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { HELVE_DATA_DIR: folder.path } });
  return { code: await runCli(args, io), out: io.outText(), err: io.errText() };
}

async function workerIsThere(name: string): Promise<void> {
  await eventually(`worker ${name}`, async () => (await helve("workers")).out.includes(` ${name} `) || undefined);
}

describe("README.md", () => {
  it("has a worker of ten lines that works when it is typed in", async () => {
    const program = await programOf("README.md", 0);
    expect(program.trim().split("\n").length).toBeLessThanOrEqual(10);
    await start(program);
    await workerIsThere("greeter");
    const { code, out } = await helve("trigger", "greet", '{"name": "Ada"}', "--wait");
    expect(code).toBe(0);
    expect(out).toContain('greet: {"message":"Hello, Ada!"}');
  });
});

describe("docs/guides/first-worker.md", () => {
  const page = "docs/guides/first-worker.md";

  it("has a task and a program that runs it", async () => {
    await start(await programOf(page, 0));
    await workerIsThere("my-worker");
    const caller = await start(await programOf(page, 1));
    expect(await text(caller.stdout as NodeJS.ReadableStream)).toMatch(
      /^144\n[0-9a-f-]{36} \{ square: \{ result: 25 \} \}\n$/,
    );
  });

  it("has a workflow with a retry", async () => {
    await start(await programOf(page, 2));
    await workerIsThere("orders");
    const { code, out } = await helve("trigger", "order", '{"item": "kettle"}', "--wait");
    expect(code).toBe(0);
    expect(out).toContain('ship: {"shippedFrom":"B7"}');
    expect(out).toContain("charge, attempt 1: the card reader was busy");
  });

  it("has a task for failures, which hears of what is not worth a retry", async () => {
    await start(await programOf(page, 2));
    await workerIsThere("orders");
    const { code, out } = await helve("trigger", "order", "{}", "--wait");
    expect(code).toBe(1);
    expect(out).toContain("reserve: an order needs an item");
    expect(out).toContain('on-failure-task: {"told":["reserve"]}');
  });
});
