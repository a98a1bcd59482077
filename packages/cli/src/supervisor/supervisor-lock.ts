import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "../exit-codes.ts";
import type { Io } from "../io.ts";

/** That no second supervisor of this name runs in this folder. */
export interface SupervisorLock {
  /** Where the guard keeps its process id. */
  readonly guardFile: string;
  release(): void;
}

/**
 * Makes sure that there is one supervisor of a name in a folder, and that the copies of the last one are gone: it may have
 * been killed, and its guard may still be waiting for them.
 *
 * The lock is a socket that someone listens on. A process id in a file would stand for somebody else after a reboot.
 *
 * @param waitMs how long the copies of a killed supervisor may take to end
 * @throws CommandError
 */
export async function lockSupervisor(name: string, env: Io["env"], waitMs: number): Promise<SupervisorLock> {
  const place = join(
    privateFolder(env),
    createHash("sha256").update(`${process.cwd()}\n${name}`).digest("hex").slice(0, 12),
  );
  const socket = `${place}.sock`;
  const guardFile = `${place}.guard`;
  const server = await listen(socket, name);
  server.unref();
  await waitForGuard(guardFile, waitMs);
  return {
    guardFile,
    release: () => void server.close(),
  };
}

async function listen(socket: string, name: string): Promise<Server> {
  const first = await tryToListen(socket);
  if (first) return first;
  if (await isAnswered(socket)) {
    throw new CommandError(
      `workers called '${name}' are already supervised in this folder; stop that supervisor, or give --name another name`,
    );
  }
  // What a killed one has left.
  rmSync(socket, { force: true });
  const second = await tryToListen(socket);
  if (second) return second;
  throw new CommandError(`another supervisor of '${name}' was faster to start`);
}

function tryToListen(socket: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((caller) => caller.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(socket, () => resolve(server));
  });
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const caller = connect(socket, () => {
      caller.destroy();
      resolve(true);
    });
    caller.once("error", () => resolve(false));
  });
}

async function waitForGuard(file: string, waitMs: number): Promise<void> {
  for (const startedAt = performance.now(); isGuarded(file); await pause(50)) {
    if (performance.now() - startedAt > waitMs) {
      throw new CommandError(`copies of a supervisor that was killed are still there; their guard is named in ${file}`);
    }
  }
}

function isGuarded(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    if (!(pid > 1)) return false;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A folder that nobody else can write to; where temporary files are shared, somebody could have made one of its name. */
function privateFolder(env: Io["env"]): string {
  const { uid } = userInfo();
  const folder = join(env.XDG_RUNTIME_DIR || tmpdir(), `helve-workers-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new CommandError(`${folder} belongs to somebody else; set XDG_RUNTIME_DIR to a folder of yours`);
  }
  return folder;
}
