export { runCli } from "./cli.ts";
export type { EndSignal, Io, Output } from "./io.ts";
export { runProgram } from "./program.ts";
