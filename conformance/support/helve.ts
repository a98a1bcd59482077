import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Runs a command of `helve` as people do, in a process of its own. @returns what it printed @throws when it fails */
export async function helve(...args: string[]): Promise<string> {
  const program = ["--conditions=source", "--import", "tsx", MAIN, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, program, { env: { PATH: process.env.PATH } });
  return stdout;
}
