import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePort } from "@helve/store/testing";

export interface BenchRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** What its defaults and its documentation call the sensible durable setting: at most one second is lost. */
export const REDIS_SETTINGS = "appendonly yes, appendfsync everysec";

/** Starts a Redis of its own on a free port of the loopback. @returns undefined where `redis-server` is not installed */
export async function startRedis(): Promise<BenchRedis | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "helve-bench-redis-"));
  const port = await freePort();
  const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn("redis-server", [...settings, "--appendonly", "yes", "--appendfsync", "everysec"], {
    stdio: "ignore",
  });
  const ended = new AbortController();
  const hasEnded = new Promise<void>((resolve) => {
    const end = () => {
      ended.abort();
      resolve();
    };
    child.once("exit", end);
    child.once("error", end);
  });
  if (!(await connects(port, ended.signal))) {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill("SIGTERM");
      await hasEnded;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Tries until the server listens. @returns false when it has ended before */
async function connects(port: number, ended: AbortSignal): Promise<boolean> {
  while (!ended.aborted) {
    const socket = createConnection({ port, host: "127.0.0.1" });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return true;
    await setTimeout(20);
  }
  return false;
}
