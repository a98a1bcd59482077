/** Each example is run as a user would run it: as a process of its own, against a real engine. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, FROM_SOURCE, startEngine } from "./engine.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
}, 90_000);
afterAll(() => engine?.stop(), 30_000);

function argumentsFor(program: string, ...rest: string[]): string[] {
  return [...FROM_SOURCE, fileURLToPath(new URL(`src/${program}`, import.meta.url)), ...rest];
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ...engine.env };
}

/** Runs a program to its end. @returns the lines it wrote; rejects when it does not exit with 0 */
async function run(program: string, ...rest: string[]): Promise<string[]> {
  const options = { env: environment(), timeout: 60_000 };
  const { stdout } = await promisify(execFile)(process.execPath, argumentsFor(program, ...rest), options);
  return stdout.trimEnd().split("\n");
}

test("hello-task: a worker in one process, a caller in another", async () => {
  const worker = spawn(process.execPath, argumentsFor("hello-task/worker.ts"), {
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(worker.stdout, "data")) as [Buffer];
    expect(line.toString()).toBe("ready\n");
    expect(await run("hello-task/run.ts", "Ada")).toEqual(["Hello, Ada!"]);
  } finally {
    const exited = once(worker, "exit");
    worker.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  }
});

test("order-pipeline: a graph with retries and a failure", async () => {
  expect(await run("order-pipeline.ts")).toEqual([
    "shipped from shelf of lamp, paid with r-4200 after 2 attempts to charge",
    "order of gift failed in: charge",
    "failed: a price below zero",
  ]);
});

test("fan-out: a hundred children, run once although their parent is run twice", async () => {
  expect(await run("fan-out.ts")).toEqual(["100 chapters, 500 words"]);
});

test("cancel: the task notices and cleans up", async () => {
  const lines = await run("cancel.ts");
  expect(lines[0]).toBe("it works: true");
  expect(lines.slice(1).sort()).toEqual(["cancelled: closing what was open", "the run was cancelled"]);
});

test("streaming: a reader hears every piece in order", async () => {
  expect(await run("streaming.ts")).toEqual(["heard: to be or not to be", "words: 6"]);
});

test("typed-schema: an input that does not fit is refused with the paths", async () => {
  const [welcome, refusal] = await run("typed-schema.ts");
  expect(welcome).toBe("ada@example.com on the free plan");
  expect(refusal).toMatch(/^the input of 'sign-up' does not fit its schema: email: .*; age: .*$/);
});

test("moving-over: a program in the oldest form", async () => {
  const [line = ""] = await run("moving-over.ts");
  expect(JSON.parse(line)).toEqual({ step1: { greeting: "hello ada" }, step2: { shouted: "HELLO ADA" } });
});
