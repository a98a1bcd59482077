import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, eventually, startHelve } from "../testing/helve-process.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const LIMIT_MS = 120_000;

/** What a worker in the examples of the page is: one of a name, a zone and a version. */
const WORKER = `
import { HelveClient } from "@helve/sdk";
const helve = HelveClient.init();
const send = helve.task({ name: "send", fn: (_, ctx) => ctx.logger.info("sent") });
const worker = await helve.worker("mail", { workflows: [send], labels: { zone: "b", version: "1.2" } });
await worker.start();
`;

/** The commands of docs/guides/workers.md, typed in as they stand there, in a folder with the programs that they name. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
let place: string;
let page: string;
let env: Record<string, string>;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await dataFolder();
  page = await readFile(join(ROOT, "docs/guides/workers.md"), "utf8");
  // Inside the clone, where programs find the SDK.
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  place = await mkdtemp(join(ROOT, ".cache", "guide-"));
  await writeFile(join(place, "package.json"), '{"type":"module"}');
  await program("npx", `shift; exec node "${MAIN}" "$@"`);
  await program("python", "exec node worker.js");
  for (const file of ["worker.js", "src/worker.ts", "releases/1/worker.js", "releases/2024-06-02/worker.js"]) {
    await mkdir(dirname(join(place, file)), { recursive: true });
    await writeFile(join(place, file), WORKER);
  }
  await writeFile(join(place, "current.txt"), "1\n");
  const readyFile = join(dirname(folder.path), "ready.json");
  const flags = ["--no-sample", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"];
  startHelve(["dev", ...flags], { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 40_000);
  env = {
    PATH: `${join(place, "bin")}:${process.env.PATH}`,
    HELVE_DATA_DIR: folder.path,
    HELVE_CLIENT_TOKEN: (await readFile(join(folder.path, "token"), "utf8")).trim(),
    HELVE_CLIENT_TLS_STRATEGY: "none",
    XDG_RUNTIME_DIR: place,
    NODE_OPTIONS: "--conditions=source --import tsx",
  };
}, 60_000);
afterEach(async () => {
  for (const child of running) child.kill("SIGTERM");
  await eventually("what was started to end", () => running.size === 0 || undefined, 40_000);
}, 60_000);
afterAll(async () => {
  await folder.remove();
  await rm(place, { recursive: true, force: true });
});

/** A program on the path. */
async function program(name: string, script: string): Promise<void> {
  const file = join(place, "bin", name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** Starts a line of shell; what it says comes together. */
function start(line: string, more: Record<string, string> = {}) {
  const child = spawn("/bin/sh", ["-c", `exec ${line}`], { cwd: place, env: { ...env, ...more } });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const says = (what: RegExp) =>
    eventually(`${line} to say ${what}`, () => what.exec(text) ?? undefined, 60_000).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${text}`);
    });
  return { child, ended, says, text: () => text };
}

async function run(line: string): Promise<string> {
  const { ended, text } = start(line);
  const code = await ended;
  expect([line, code, text()]).toEqual([line, 0, expect.anything()]);
  return text();
}

/** Of the page, in its order: those in blocks, and those within the text. */
function commandsOf(text: string): string[] {
  const commands = text.replaceAll("\\\n", "").match(/npx helve [a-z][^`#]*?(?=`|\n|#)/g) ?? [];
  return commands.map((command) => command.replace(/\s+/g, " ").trim());
}

async function workersNamed(name: string): Promise<string[]> {
  const { rows } = JSON.parse(await run(`npx helve workers --name ${name} --json`)) as {
    rows: { metadata: { id: string } }[];
  };
  return rows.map(({ metadata }) => metadata.id);
}

describe("docs/guides/workers.md", () => {
  it(
    "has commands that work for whoever types them in",
    async () => {
      const commands = commandsOf(page).filter((command) => !command.startsWith("npx helve worker "));
      expect(commands.length).toBeGreaterThan(15);
      start("node worker.js");
      const [worker] = await eventually("the worker", async () => {
        const found = await workersNamed("mail");
        return found.length > 0 ? found : undefined;
      });
      const id = (await run("npx helve trigger send --wait --json").then((text) => JSON.parse(text))).run.metadata.id;
      for (const command of commands) {
        // There is none of that build here: it is meant to be the reader's.
        if (command.endsWith("--version blue")) continue;
        const target = command.includes("token revoke") ? await tokenNamed("mail") : worker;
        await run(command.replace("RUN", id).replace(/\bID\b/, target as string));
      }
    },
    LIMIT_MS,
  );

  it(
    "has supervisors that start workers, and end in order",
    async () => {
      const commands = commandsOf(page).filter((command) => command.startsWith("npx helve worker "));
      expect(commands.length).toBeGreaterThan(4);
      for (const command of commands) {
        const supervisor = start(command);
        await supervisor.says(/\/1 is worker /);
        if (command.includes("worker dev")) {
          await writeFile(join(place, "src/worker.ts"), `${WORKER}// Changed.\n`);
          await supervisor.says(/\/1\.2 is worker /);
        }
        if (command.includes("--release-file")) {
          const line = /^echo .* && kill -HUP SUPERVISOR$/m.exec(page)?.[0] as string;
          await run(`sh -c '${line.replace("SUPERVISOR", String(supervisor.child.pid))}'`);
          await supervisor.says(/\/4\.2 is worker /);
        }
        supervisor.child.kill("SIGTERM");
        expect([command, await supervisor.ended]).toEqual([command, 0]);
      }
    },
    LIMIT_MS * 2,
  );

  it(
    "keeps work with the build that it was begun by",
    async () => {
      const source = [...page.matchAll(/^```js\n(.*?)^```$/gms)][0]?.[1] as string;
      await writeFile(join(place, "order.js"), source);
      const build = async (name: string, count: number) => {
        start("node order.js", { HELVE_BUILD: name });
        await eventually(name, async () => (await workersNamed("orders")).length === count || undefined, 30_000);
      };
      await build("blue", 1);
      const old = start("npx helve trigger order '{\"ms\":6000}' --wait");
      await eventually(
        "its first task to run",
        async () => /running/.test(await run("npx helve runs --status running")) || undefined,
      );
      await build("green", 2);
      const fresh = await run("npx helve trigger order --wait");
      expect(fresh).toContain('ship: {"build":"green"}');
      expect(await old.ended).toBe(0);
      for (const task of ["reserve", "ship"]) expect(old.text()).toContain(`${task}: {"build":"blue"}`);
      await run("npx helve workers drain --version blue");
    },
    LIMIT_MS,
  );
});

async function tokenNamed(name: string): Promise<string> {
  const tokens = JSON.parse(await run("npx helve token list --json")) as { id: string; name: string }[];
  return tokens.find((token) => token.name === name)?.id as string;
}
