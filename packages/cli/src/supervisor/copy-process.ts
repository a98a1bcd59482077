import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Guard } from "./guard.ts";
import { lineCutter } from "./line-prefix.ts";

/** A copy of a worker program: a process, and whatever that has started. */
export interface CopyProcess {
  /** Of the process, and of the group it leads. */
  readonly pid: number;
  readonly ended: Promise<Ending>;
  /** Asks it to end, and ends it and all it has started when the time is over. May be called twice. */
  stop(graceMs: number): Promise<Ending>;
  /** Ends it and all it has started on the spot. */
  kill(): void;
}

export interface Ending {
  /** `code 1`, `SIGKILL`. */
  readonly how: string;
  /** The last line it wrote to standard error, if any. */
  readonly lastWords: string | undefined;
}

export interface CopyStart {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly guard: Guard;
  onLine(stream: "out" | "err", line: string): void;
}

/**
 * Waits for the word that the guard knows of it, then becomes the program: the process stays the same. When we die before,
 * it reads the end of the pipe and goes.
 */
const LAUNCHER = 'read -r word <&3 || exit 125; exec 3<&-; exec "$@"';

/** Starts a program in a process group of its own, known to the guard before its first instruction. */
export async function startCopy({ command, env, guard, onLine }: CopyStart): Promise<CopyProcess> {
  const child = spawn("/bin/sh", ["-c", LAUNCHER, "helve-copy", ...command], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
    env: env as NodeJS.ProcessEnv,
  });
  let lastWords: string | undefined;
  const out = lineCutter((line) => onLine("out", line));
  const err = lineCutter((line) => {
    if (line.trim() !== "") lastWords = line.trim();
    onLine("err", line);
  });
  child.stdout
    ?.setEncoding("utf8")
    .on("data", out)
    .once("end", () => out(undefined));
  child.stderr
    ?.setEncoding("utf8")
    .on("data", err)
    .once("end", () => err(undefined));
  const pid = child.pid;
  if (pid === undefined) {
    const error = await new Promise<Error>((resolve) => child.once("error", resolve));
    throw new Error(`/bin/sh could not be started: ${error.message}`);
  }

  let stopAt: number | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
  }).then(async (how): Promise<Ending> => {
    await endGroup(pid, stopAt);
    guard.drop(pid);
    // What it wrote last may still be in the pipes; nobody of its group holds them any more, and who left it may.
    await Promise.race([new Promise((resolve) => child.once("close", resolve)), pause(PIPES_MS)]);
    return { how, lastWords };
  });

  await guard.add(pid);
  const launch = child.stdio[3] as Writable;
  launch.on("error", () => {});
  launch.end("go\n");

  return {
    pid,
    ended,
    async stop(graceMs) {
      stopAt ??= performance.now() + graceMs;
      // The leader alone: some SDKs have processes of their own, which it ends when it wants to.
      child.kill("SIGTERM");
      const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), Math.max(0, stopAt - performance.now()));
      const ending = await ended;
      clearTimeout(timer);
      return ending;
    },
    kill: () => void signalGroup(pid, "SIGKILL"),
  };
}

const PIPES_MS = 500;

/** What a program leaves behind ends with it; when it was asked to end, within the same time. */
async function endGroup(pid: number, stopAt: number | undefined): Promise<void> {
  if (stopAt !== undefined) {
    signalGroup(pid, "SIGTERM");
    while (performance.now() < stopAt && signalGroup(pid, 0)) await pause(50);
  }
  signalGroup(pid, "SIGKILL");
}

/** @returns whether there is somebody to hear it */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
