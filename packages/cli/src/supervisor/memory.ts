import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const KB = 1024;

/**
 * Resident memory by process group, in bytes: a copy and all that it has started. What processes share is counted for each
 * of them.
 */
export async function memoryByGroup(): Promise<Map<number, number>> {
  return process.platform === "linux" ? fromProc() : fromPs();
}

/** From /proc, as small container images have no ps. */
async function fromProc(): Promise<Map<number, number>> {
  const sums = new Map<number, number>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      // A process may end between the two looks.
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      // The name stands in brackets and may hold any letter. Source: proc_pid_stat(5): pgrp is field 5, rss field 24.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const [group, pages] = [Number(fields[2]), Number(fields[21])];
      if (group > 0 && pages > 0) sums.set(group, (sums.get(group) ?? 0) + pages * PAGE_BYTES);
    }),
  );
  return sums;
}

/** Of x64 and of nearly every arm64 system; Node has no way to ask. */
const PAGE_BYTES = 4096;

async function fromPs(): Promise<Map<number, number>> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,rss="]);
  const sums = new Map<number, number>();
  for (const line of stdout.split("\n")) {
    const [group = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
    if (group > 0) sums.set(group, (sums.get(group) ?? 0) + kilobytes * KB);
  }
  return sums;
}
