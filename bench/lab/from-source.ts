/**
 * How Node runs our packages: as they were built, which is what users get, or straight from their source, which needs no
 * build and starts slower. Once started there is no difference.
 */
export const IS_FROM_SOURCE: boolean = process.env.HELVE_BENCH_SOURCE === "1";

/** Node's arguments for a program written in TypeScript that uses our packages. */
export const NODE_ARGUMENTS: readonly string[] = [
  ...(IS_FROM_SOURCE ? ["--conditions=source"] : []),
  "--import",
  "tsx",
];

/** Node's arguments and the file that is our server. */
export const SERVER: readonly string[] = IS_FROM_SOURCE
  ? [...NODE_ARGUMENTS, "packages/server/src/main.ts"]
  : ["packages/server/dist/main.js"];

/** With HELVE_BENCH_PROFILES set to a folder, every process leaves a profile of its processor time there. */
export function profiling(title: string): string[] {
  const folder = process.env.HELVE_BENCH_PROFILES;
  // Named by Node itself: a process has several threads, and each leaves a file.
  return folder ? ["--cpu-prof", `--cpu-prof-dir=${folder}/${title}`] : [];
}
