import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, chown, lstat, mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { HelveError } from "@helve/core";
import { closedFolder, mayEnter } from "./folder-access.ts";
import { accountFor, type SystemAccount } from "./system-account.ts";

/**
 * The data folder holds what one engine with an embedded database must keep:
 *
 *   engine.lock         the engine that looks after the folder now
 *   postgres/           the database, owned by the user that Postgres runs as
 *   postgres.password   the password of its one user, 0600
 *   postgres.log        what Postgres has to say
 *   run/                its Unix socket, closed to everyone else
 *
 * Other parts of Helve keep their files beside these.
 */
export interface DataFolder {
  readonly path: string;
  readonly pgData: string;
  readonly runDir: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** The user Postgres runs as, when that is not the user of this process. */
  readonly account: SystemAccount | undefined;
}

/** Where databases go when Helve runs as root and its own home is closed to the user of Postgres. */
const ROOT_DATA_DIR = "/var/lib/helve/data";

/**
 * Where the data is: `HELVE_DATA_DIR`, or `$XDG_DATA_HOME/helve` (`~/.local/share/helve`). For root that default moves
 * to `/var/lib/helve/data/<hash>` when the user that Postgres runs as may not enter it.
 */
export async function chooseDataDir(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (env.HELVE_DATA_DIR) return resolve(env.HELVE_DATA_DIR);
  const wanted = join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "helve");
  const account = await accountFor(join(wanted, "postgres"));
  if (!account || !(await closedFolder(dirname(wanted), account))) return wanted;
  return join(ROOT_DATA_DIR, createHash("sha256").update(wanted).digest("hex").slice(0, 12));
}

/**
 * Makes the folder where it is missing, and sees to it that this process may write there and Postgres may enter.
 *
 * @throws HelveError `failed_precondition` saying why the folder cannot be used
 */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const path = resolve(dataDir);
  const pgData = join(path, "postgres");
  const runDir = join(path, "run");
  try {
    const account = await accountFor(pgData);
    if (account) await requireOpenWay(account, path);
    await makeFolder(path, account ? 0o755 : 0o700);
    await access(path, constants.W_OK | constants.X_OK);
    if (account) await letThrough(account, path);
    await makeFolder(runDir, 0o700);
    if (account) await chown(runDir, account.uid, account.gid);
    await requireOwnDatabase(pgData, account);
    const passwordFile = join(path, "postgres.password");
    return { path, pgData, runDir, passwordFile, logFile: join(path, "postgres.log"), account };
  } catch (error) {
    if (error instanceof HelveError) throw error;
    throw unusable(path, reason(error as NodeJS.ErrnoException), error);
  }
}

/** Like `mkdir -p`, which in Node runs for ever where a file system refuses with ENOENT, as /proc does. */
async function makeFolder(path: string, mode: number): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  if (!(await stat(dirname(path)).catch(() => undefined))) await makeFolder(dirname(path), mode);
  await mkdir(path, { mode });
  // A strict umask would close what the account must pass through.
  await chmod(path, mode);
}

async function requireOpenWay(account: SystemAccount, path: string): Promise<void> {
  const closed = await closedFolder(dirname(path), account);
  if (closed) throw unusable(path, `PostgreSQL runs as user ${account.name}, who may not enter ${closed}`);
}

/** Passing through is enough: what lies beside the database has permissions of its own. */
async function letThrough(account: SystemAccount, path: string): Promise<void> {
  if (!(await mayEnter(path, account))) await chmod(path, ((await stat(path)).mode & 0o7777) | 0o011);
}

async function requireOwnDatabase(pgData: string, account: SystemAccount | undefined): Promise<void> {
  const owner = (await lstat(pgData).catch(() => undefined))?.uid;
  const uid = account?.uid ?? process.getuid?.();
  if (owner === undefined || owner === uid) return;
  throw unusable(dirname(pgData), `its database belongs to the user with number ${owner}`);
}

function unusable(path: string, why: string, cause?: unknown): HelveError {
  const message = `data folder ${path} cannot be used: ${why}; choose another one with HELVE_DATA_DIR`;
  return new HelveError("failed_precondition", message, { cause });
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return `no permission (${error.syscall} ${error.path ?? ""})`;
    case "EROFS":
      return "its file system is read-only";
    case "ENOTDIR":
    case "EEXIST":
      return "there is a file in its place";
    case "ENOSPC":
      return "the disk is full";
    default:
      return error.message;
  }
}
