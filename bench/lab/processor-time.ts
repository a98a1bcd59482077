import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second (USER_HZ, which no kernel changes any more). */
const MS_PER_TICK = 10;

/** Processor time that a process has used so far, its own threads together, in ms. NaN where there is no /proc. */
export function processorMs(pid: number): number {
  const fields = statFields(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK : Number.NaN;
}

/** The same of a process with all that descends from it, those that have ended included: of a Postgres, its backends. */
export function processorMsOfFamily(pid: number): number {
  const families = new Map<number, string[][]>();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? statFields(Number(name)) : undefined;
    if (fields) families.set(Number(fields[1]), [...(families.get(Number(fields[1])) ?? []), [name, ...fields]]);
  }
  const own = statFields(pid);
  return own ? ticksOf([`${pid}`, ...own], families) * MS_PER_TICK : Number.NaN;
}

/** Its own ticks, those of children that have ended and been waited for, and those of the living. */
function ticksOf([pid, ...fields]: readonly string[], families: ReadonlyMap<number, string[][]>): number {
  const [user, system, usersOfEnded, systemsOfEnded] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const children = families.get(Number(pid)) ?? [];
  return children.reduce((sum, child) => sum + ticksOf(child, families), user + system + usersOfEnded + systemsOfEnded);
}

/** Processor time that the whole machine has spent working, and that it could have, in ms. */
export function machineMs(): { busy: number; all: number } {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    const [user, nice, system, idle, ioWait, ...rest] = line.trim().split(/\s+/).slice(1, 9).map(Number) as number[];
    const busy = [user, nice, system, ...rest].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0);
    return { busy: busy * MS_PER_TICK, all: (busy + (idle ?? 0) + (ioWait ?? 0)) * MS_PER_TICK };
  } catch {
    return { busy: Number.NaN, all: Number.NaN };
  }
}

/** Memory of a process that lies in RAM, in MiB. */
export function residentMiB(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** What stands in /proc/pid/stat behind the name: state, parent, …; the name itself may hold anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
