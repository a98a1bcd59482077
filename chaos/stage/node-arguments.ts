import { fileURLToPath } from "node:url";

/** Whether this is what was compiled. Children follow it: a process that compiles first takes three times as long to start. */
const IS_BUILT = import.meta.url.includes("/chaos/dist/");

export const ROOT: string = fileURLToPath(new URL(IS_BUILT ? "../../.." : "../..", import.meta.url));

const FROM_SOURCE = ["--conditions=source", "--import", "tsx"];

/** Node's arguments for the program of a worker. */
export const WORKER: readonly string[] = IS_BUILT
  ? ["chaos/dist/programs/worker.js"]
  : [...FROM_SOURCE, "chaos/programs/worker.ts"];

/** Node's arguments for our server. */
export const SERVER: readonly string[] = IS_BUILT
  ? ["packages/server/dist/main.js"]
  : [...FROM_SOURCE, "packages/server/src/main.ts"];
