import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { IS_FROM_SOURCE } from "./from-source.ts";
import type { BenchPostgres } from "./postgres.ts";

const require = createRequire(import.meta.url);

/** On what, of what, and under which conditions a run was made. */
export interface Conditions {
  startedAt: string;
  commit: string;
  /** Whether files differ from that commit. */
  isDirty: boolean;
  processor: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  packages: Record<string, string>;
  postgres: Record<string, string>;
  ourPackages: "as built" | "from source";
  /** Processes that were ready to run, on average of the minute before; what the bench itself adds comes later. */
  loadBefore: number;
  loadAfter?: number;
}

const PACKAGES = ["graphile-worker", "pg-boss", "bullmq", "@hatchet-dev/typescript-sdk", "pg", "@grpc/grpc-js"];
const SETTINGS = [
  "server_version",
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "shared_buffers",
  "max_wal_size",
];

export async function conditions(postgres: BenchPostgres): Promise<Conditions> {
  const settings: Record<string, string> = {};
  for (const name of SETTINGS) settings[name] = await postgres.setting(name);
  return {
    startedAt: new Date().toISOString(),
    commit: git("rev-parse", "--short=12", "HEAD"),
    isDirty: git("status", "--porcelain", "--untracked-files=no") !== "",
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    postgres: settings,
    ourPackages: IS_FROM_SOURCE ? "from source" : "as built",
    loadBefore: load(),
  };
}

/** Average number of processes ready to run in the last minute. */
export function load(): number {
  return Math.round((loadavg()[0] as number) * 100) / 100;
}

function git(...args: string[]): string {
  try {
    const cwd = fileURLToPath(new URL(".", import.meta.url));
    return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${folder}/${name}/package.json`) as { version: string }).version;
    } catch {
      // It lies in one of the other folders.
    }
  }
  return "unknown";
}
