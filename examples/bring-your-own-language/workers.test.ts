/** Both workers as their page starts them, against a real engine. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, FROM_SOURCE, startEngine } from "../engine.ts";

const HERE = import.meta.dirname;
const CLI = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
/** The interpreter of the conformance suites has grpcio-tools; elsewhere it may be the system's. */
const CACHED_PYTHON = fileURLToPath(new URL("../../.cache/python/v1/bin/python", import.meta.url));
const PYTHON = existsSync(CACHED_PYTHON) ? CACHED_PYTHON : "python3";
const run = promisify(execFile);

let engine: Engine;
let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "helve-languages-"));
  engine = await startEngine();
}, 90_000);
afterAll(async () => {
  await engine?.stop();
  await rm(place, { recursive: true, force: true });
}, 30_000);

/** Runs a task of a worker, a task that must fail, and ends the worker. */
async function tryWorker(worker: ChildProcess, workflow: string): Promise<void> {
  const exited = once(worker, "exit");
  try {
    const [line] = (await once(createInterface({ input: worker.stdout as NodeJS.ReadableStream }), "line")) as [string];
    expect(line).toBe("ready");
    expect(await trigger(workflow, '{"text":"hello"}')).toContain('{"text":"HELLO"}');
    expect(await trigger(workflow, "{}")).toContain("text is missing");
  } finally {
    worker.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  }
}

async function trigger(workflow: string, input: string): Promise<string> {
  const args = [...FROM_SOURCE, CLI, "trigger", workflow, input, "--wait"];
  const options = { env: { ...process.env, ...engine.env }, timeout: 30_000 };
  // A run that fails makes the command fail; what it printed counts here.
  const { stdout } = await run(process.execPath, args, options).catch((error: { stdout: string }) => error);
  return stdout;
}

const isPythonThere = spawnSync(PYTHON, ["-c", "import grpc, grpc_tools"]).status === 0;
const isGoThere = spawnSync("go", ["version"]).status === 0;

test.each(["python/worker.py", "go/worker.go"])("%s is a worker in less than 150 lines of code", async (file) => {
  const lines = (await readFile(join(HERE, file), "utf8")).split("\n");
  expect(lines.filter((line) => !/^\s*(#|\/\/|$)/.test(line)).length).toBeLessThan(150);
  expect((await readdir(join(HERE, file, ".."))).filter((name) => /\.(py|go)$/.test(name))).toHaveLength(1);
});

test.skipIf(!isPythonThere)("a worker in plain Python (needs grpcio-tools)", async () => {
  const stubs = join(place, "stubs");
  await run(join(HERE, "python/generate.sh"), [stubs], { env: { ...process.env, PYTHON } });
  const worker = spawn(PYTHON, [join(HERE, "python/worker.py")], {
    env: { ...process.env, ...engine.env, STUBS: stubs },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await tryWorker(worker, "shout-python");
});

test.skipIf(!isGoThere)("a worker in plain Go (needs Go)", { timeout: 300_000 }, async () => {
  await run(join(HERE, "go/generate.sh"));
  const program = join(place, "shout");
  await run("go", ["build", "-o", program, "."], { cwd: join(HERE, "go") });
  const worker = spawn(program, [], { env: { ...process.env, ...engine.env }, stdio: ["ignore", "pipe", "inherit"] });
  await tryWorker(worker, "shout-go");
});
