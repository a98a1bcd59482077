import { type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HelveError } from "@helve/core";
import type { DataFolder } from "./data-folder.ts";
import { SUPERUSER } from "./database-url.ts";
import type { Installation } from "./installation.ts";
import { type PostgresSettings, renderSettings } from "./settings.ts";
import type { SystemAccount } from "./system-account.ts";

/**
 * Makes the database folder when there is none yet.
 *
 * It is made beside its place and moved there when it is complete and on disk, so a folder under the right name is
 * always whole, wherever the process or the machine died. The password is stored before, for the same reason.
 *
 * @returns the password of the superuser
 * @throws HelveError `failed_precondition` when the folder was made by another major version or its password is gone
 */
export async function ensureCluster(folder: DataFolder, installation: Installation): Promise<{ password: string }> {
  const existing = await readText(join(folder.pgData, "PG_VERSION"));
  const stored = await readText(folder.passwordFile);
  if (existing !== undefined) {
    requireMajor(existing.trim(), folder, installation);
    if (stored) return { password: stored.trim() };
    throw new HelveError(
      "failed_precondition",
      `the password of the embedded database, ${folder.passwordFile}, is gone`,
    );
  }
  const password = stored?.trim() || randomBytes(24).toString("base64url");
  if (!stored) await writeDurably(folder.passwordFile, `${password}\n`, 0o600);
  await initialise(folder, installation, password);
  return { password };
}

/** Puts postgresql.conf in place; Postgres reads it when it starts. */
export async function writeSettings(folder: DataFolder, settings: PostgresSettings): Promise<void> {
  const path = join(folder.pgData, "postgresql.conf");
  const text = renderSettings(settings);
  if ((await readText(path)) === text) return;
  await writeDurably(path, text, 0o600);
  if (folder.account) await chown(path, folder.account.uid, folder.account.gid);
}

/** How a program of PostgreSQL is run: as the right user, from a place it may be in, untouched by PG* variables. */
export function spawnOptions(account: SystemAccount | undefined): SpawnOptions {
  return {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
    ...(account && { uid: account.uid, gid: account.gid }),
  };
}

async function initialise(folder: DataFolder, installation: Installation, password: string): Promise<void> {
  const draft = `${folder.pgData}.new`;
  const handover = join(folder.runDir, "initdb.password");
  try {
    await rm(draft, { recursive: true, force: true });
    await makeOwned(draft, folder.account);
    await writeFile(handover, password, { mode: 0o600 });
    if (folder.account) await chown(handover, folder.account.uid, folder.account.gid);
    await runInitdb(folder, installation, [
      `--pgdata=${draft}`,
      `--pwfile=${handover}`,
      `--username=${SUPERUSER}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // C.UTF-8 as Postgres itself knows it: the same on every system, and compared byte by byte.
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--no-instructions",
    ]);
    await rename(draft, folder.pgData);
    await syncFolder(dirname(folder.pgData));
  } finally {
    await rm(handover, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

async function runInitdb(folder: DataFolder, installation: Installation, args: string[]): Promise<void> {
  const program = join(installation.folder, "bin", "initdb");
  const child = spawn(program, args, { ...spawnOptions(folder.account), stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : lastLine(output) || `${signal ?? code}`));
  });
  if (failure !== undefined) {
    throw new HelveError("unavailable", `the embedded database cannot be made in ${folder.path}: ${failure}`);
  }
}

function requireMajor(existing: string, folder: DataFolder, installation: Installation): void {
  const ours = installation.version.split(".")[0];
  if (existing === ours) return;
  throw new HelveError(
    "failed_precondition",
    `the database in ${folder.path} was made by PostgreSQL ${existing}, this Helve brings ${ours}; ` +
      "move it with pg_dump, or run the Helve that made it",
  );
}

async function makeOwned(path: string, account: SystemAccount | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
