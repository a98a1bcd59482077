import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Programs are run from source, with what they import of this repository. */
export const FROM_SOURCE = ["--conditions=source", "--import", "tsx"];

/** An engine with a database of its own. */
export interface Engine {
  /** What a program needs in its environment to reach it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts an engine on free ports, in a temporary folder. */
export async function startEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), "helve-examples-"));
  // The database server runs as a user of its own, who must get in.
  await chmod(folder, 0o755);
  const readyFile = join(folder, "ready.json");
  const options = [
    "--data-dir",
    join(folder, "data"),
    "--grpc-port",
    "0",
    "--http-port",
    "0",
    "--ready-file",
    readyFile,
  ];
  const args = [...FROM_SOURCE, "packages/server/src/main.ts", "serve", ...options];
  const engine = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [engine.stdout, engine.stderr]) {
    stream.on("data", (part) => {
      output += part;
    });
  }
  const token = await tokenFrom(readyFile, engine).catch(async (error: unknown) => {
    engine.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the engine did not start\n${output}`, { cause: error });
  });
  return {
    env: { HELVE_CLIENT_TOKEN: token, HELVE_CLIENT_TLS_STRATEGY: "none", HELVE_CLIENT_LOG_LEVEL: "WARN" },
    async stop() {
      const exited = once(engine, "exit");
      engine.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function tokenFrom(readyFile: string, engine: ChildProcess): Promise<string> {
  for (const startedAt = Date.now(); Date.now() - startedAt < 60_000; await sleep(50)) {
    if (engine.exitCode !== null) throw new Error(`it ended with ${engine.exitCode}`);
    const text = existsSync(readyFile) ? await readFile(readyFile, "utf8") : "";
    // The file is there in one piece or not; a reader may come between.
    if (text.trimEnd().endsWith("}")) return (JSON.parse(text) as { token: string }).token;
  }
  throw new Error("it was not ready within a minute");
}
