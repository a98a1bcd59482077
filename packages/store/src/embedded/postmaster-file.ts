import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running Postgres writes into `postmaster.pid`; the later lines come while it starts. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number | undefined;
  /** Undefined when it listens on no Unix socket. */
  readonly socketDir: string | undefined;
  readonly status: "starting" | "stopping" | "ready" | "standby" | undefined;
}

/** The file of a database folder, or undefined when there is none or it does not begin with a process number. */
export async function readPostmasterFile(pgData: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(pgData, "postmaster.pid"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : parsePostmasterFile(text);
}

/**
 * Lines: process, folder, start in seconds, port, socket folder, listen address, shared memory key, status.
 * Source: src/include/utils/pidfile.h of PostgreSQL.
 */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const [pid, , , port, socketDir, , , status] = text.split("\n").map((line) => line.trim());
  if (!/^\d+$/.test(pid ?? "")) return undefined;
  return {
    pid: Number(pid),
    port: port ? Number(port) : undefined,
    socketDir: socketDir || undefined,
    status: (status || undefined) as PostmasterFile["status"],
  };
}
