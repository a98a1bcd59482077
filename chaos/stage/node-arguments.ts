import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** Whether our packages are run from their source, as the tests do, or as they were built. Children follow this process. */
const IS_FROM_SOURCE: boolean = process.execArgv.some((argument) => argument.includes("source"));

/** Node's arguments for a program in TypeScript that uses our packages. */
export const NODE_ARGUMENTS: readonly string[] = [
  ...(IS_FROM_SOURCE ? ["--conditions=source"] : []),
  "--import",
  "tsx",
];

/** Node's arguments for our server. */
export const SERVER: readonly string[] = IS_FROM_SOURCE
  ? [...NODE_ARGUMENTS, "packages/server/src/main.ts"]
  : ["packages/server/dist/main.js"];
