import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system of its own that a test can fill up. */
export interface SmallDisk {
  readonly path: string;
  /** Until nothing more can be written. */
  fill(): Promise<void>;
  /** Gives the room back. */
  empty(): Promise<void>;
  /** When nothing on it is in use any more. */
  remove(): Promise<void>;
}

/** Mounts one in memory. @returns undefined where that is not allowed */
export async function smallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), "helve-disk-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path]);
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  const ballast = join(path, "ballast");
  return {
    path,
    async fill() {
      const file = await open(ballast, "a");
      try {
        for (const bytes of [1024 * 1024, 4096]) {
          for (const part = Buffer.alloc(bytes); (await file.write(part).catch(() => 0)) !== 0; );
        }
      } finally {
        await file.close();
      }
    },
    empty: () => rm(ballast, { force: true }),
    async remove() {
      await run("umount", [path]);
      await rm(path, { recursive: true });
    },
  };
}
