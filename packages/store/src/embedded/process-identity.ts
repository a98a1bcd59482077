import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * What makes a process the same one as before. A number alone does not: after a crash or a restart of the machine the
 * number in a file may belong to another program, in a container it is nearly always the same.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system words it; undefined when the system hides that from us. */
  readonly startedAt: string | undefined;
}

/** The process with that number, or undefined when there is none, or only a zombie that nobody has collected. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!answersSignals(pid)) return undefined;
  return process.platform === "linux" ? identifyByProc(pid) : identifyByPs(pid);
}

export function isAlive(pid: number): boolean {
  return identify(pid) !== undefined;
}

export function isSameProcess(remembered: ProcessIdentity): boolean {
  const now = identify(remembered.pid);
  if (!now) return false;
  return now.startedAt === undefined || remembered.startedAt === undefined || now.startedAt === remembered.startedAt;
}

/** Whether that process is a PostgreSQL server process, postmaster or backend, of this database folder. */
export function isPostgresOf(pid: number, pgData: string): boolean {
  if (process.platform !== "linux") {
    const command = ps(pid, "command=");
    return command.includes("postgres") && command.includes(pgData);
  }
  try {
    // The program may have been replaced on disk by an update while it runs. A zombie has none.
    const isPostgres = /\/postgres( \(deleted\))?$/.test(readlinkSync(`/proc/${pid}/exe`));
    return isPostgres && readlinkSync(`/proc/${pid}/cwd`) === pgData;
  } catch {
    // It ended, or belongs to another user: the server of our folder is always ours to look at.
    return false;
  }
}

/** All PostgreSQL processes of a database folder; on other systems than Linux none can be found. */
export function postgresProcessesOf(pgData: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isPostgresOf(pid, pgData));
}

/** Whether the system knows that number at all, as a process or as a zombie: what Postgres itself looks at. */
export function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // With `hidepid` the process of another user is there, but not shown.
    return answersSignals(pid) ? { pid, startedAt: undefined } : undefined;
  }
  // The name in brackets may hold spaces and brackets; after it come the state and, 19 fields on, ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startedAt: `${bootId()}/${fields[19]}` };
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const [state = "", ...startedAt] = ps(pid, "state=,lstart=").trim().split(/\s+/);
  return state === "" || state.startsWith("Z") ? undefined : { pid, startedAt: startedAt.join(" ") };
}

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

let boot: string | undefined;

function ps(pid: number, format: string): string {
  try {
    return execFileSync("ps", ["-o", format, "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}
