import { type ChildProcess, fork } from "node:child_process";

/** A worker that runs beside us in a process of its own. */
export interface WorkerProcess {
  readonly pid: number;
  /** Tells it what it waits for; resolves when it is ready. @throws Error with its last words when it ended instead */
  connect(message: object): Promise<void>;
  /** Its last words, when it has ended without being asked to. */
  readonly ended: Promise<string>;
  /** Asks it to end, and ends it when it does not. Resolves when it is gone; may be called twice. */
  stop(graceMs: number): Promise<void>;
  /** Ends it on the spot. */
  kill(): void;
}

const KEPT_LINES = 10;

/**
 * Starts a worker program that is told over its channel where to connect. It is in a process group of its own, so that a
 * Ctrl-C at the terminal reaches us alone, and we decide when it ends; when we are killed, its channel closes and it ends
 * by itself.
 */
export function startWorkerProcess(program: URL): WorkerProcess {
  const child = fork(program, { stdio: ["ignore", "ignore", "pipe", "ipc"], detached: true });
  const lastLines: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastLines.push(...text.split("\n").filter((line) => line.trim() !== ""));
    lastLines.splice(0, lastLines.length - KEPT_LINES);
  });
  let isStopping = false;
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(lastLines.at(-1) ?? `it ended with ${signal ?? `code ${code}`}`));
  });
  return {
    pid: child.pid ?? 0,
    connect: (message) => connect(child, gone, message),
    ended: gone.then((words) => (isStopping ? new Promise<string>(() => {}) : words)),
    async stop(graceMs) {
      isStopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await gone;
      clearTimeout(timer);
    },
    kill() {
      isStopping = true;
      child.kill("SIGKILL");
    },
  };
}

function connect(child: ChildProcess, gone: Promise<string>, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    void gone.then((words) => reject(new Error(words)));
    child.once("message", () => resolve());
    child.send(message, (error) => error && reject(error));
  });
}
