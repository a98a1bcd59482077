import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { HelveError } from "@helve/core";

/**
 * Writes a file that only its owner can read, in one piece: who looks sees the old file or the new one.
 *
 * @throws HelveError failed_precondition saying why it cannot be written
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw new HelveError("failed_precondition", `cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}
