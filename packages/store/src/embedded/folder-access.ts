import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { SystemAccount } from "./system-account.ts";

/**
 * The outermost folder on the way to `path`, itself included, that the account may not enter; undefined when all are
 * open or not made yet. Only permission bits are looked at.
 */
export async function closedFolder(path: string, account: SystemAccount): Promise<string | undefined> {
  const folders = await existingFolders(path);
  for (const folder of folders) {
    if (!(await mayEnter(folder, account))) return folder;
  }
  return undefined;
}

/** Whether the account may read that file or list that folder, given that it gets there. */
export async function mayRead(path: string, account: SystemAccount): Promise<boolean> {
  return hasBit(await stat(path), account, 0o4);
}

export async function mayEnter(folder: string, account: SystemAccount): Promise<boolean> {
  return hasBit(await stat(folder), account, 0o1);
}

function hasBit(
  { uid, gid, mode }: { uid: number; gid: number; mode: number },
  account: SystemAccount,
  bit: number,
): boolean {
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bit) !== 0;
}

async function existingFolders(path: string): Promise<string[]> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return existingFolders(dirname(path));
  const folders = [real];
  for (let folder = real; folder !== dirname(folder); folder = dirname(folder)) folders.unshift(dirname(folder));
  return folders;
}
