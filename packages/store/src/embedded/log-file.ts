import { chownSync, fchmodSync } from "node:fs";
import { copyFile, type FileHandle, open, readFile, stat, truncate } from "node:fs/promises";
import type { SystemAccount } from "./system-account.ts";

const MAX_LOG_BYTES = 10 * 1024 * 1024;

/**
 * Opens the log for a Postgres that outlives us: it writes to the file itself, so that our death closes no pipe that it
 * needs. The caller closes the handle after the process has its own.
 */
export async function openLog(path: string, account: SystemAccount | undefined): Promise<FileHandle> {
  await rotateLog(path);
  const file = await open(path, "a", 0o600);
  fchmodSync(file.fd, 0o600);
  if (account) chownSync(path, account.uid, account.gid);
  return file;
}

/**
 * Keeps the log and one older piece of it under ten megabytes each. Postgres has the file open for appending, so it goes
 * on at the start of the emptied file; lines written between the two steps are lost, which a log can bear.
 */
export async function rotateLog(path: string): Promise<void> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= MAX_LOG_BYTES) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

/** What was written since the file had that size. */
export async function readLogFrom(path: string, offset: number): Promise<string> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  return content.subarray(offset).toString("utf8");
}

/** The message of the last line that says why Postgres ended, or the last line of all. */
export function reasonInLog(text: string): string | undefined {
  const lines = text.trim().split("\n");
  const fatal = lines.findLast((line) => /\b(FATAL|PANIC): {2}/.test(line)) ?? lines.at(-1);
  return fatal?.replace(/^.*?\b(?:FATAL|PANIC): {2}/, "") || undefined;
}
