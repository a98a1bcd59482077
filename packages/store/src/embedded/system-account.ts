import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { HelveError } from "@helve/core";

/**
 * The user that Postgres runs as when Helve runs as root, as Postgres refuses to be root. An existing database folder
 * stays with its owner. A new one gets `helve-postgres`, made on first use; where no user can be made (a read-only
 * system, no tool for it) an unprivileged one that is there already.
 */
export interface SystemAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const OWN_ACCOUNT = "helve-postgres";
const FALLBACK_ACCOUNTS = ["postgres", "nobody"];

/** Undefined when this process is not root: Postgres then simply runs as its user. */
export async function accountFor(pgData: string): Promise<SystemAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await ownerOf(pgData)) ?? (await findAccount(OWN_ACCOUNT)) ?? (await makeAccount()) ?? (await fallback());
}

async function ownerOf(pgData: string): Promise<SystemAccount | undefined> {
  const found = await stat(pgData).catch(() => undefined);
  if (!found || found.uid === 0) return undefined;
  const name = (await accounts()).find((account) => account.uid === found.uid)?.name ?? `with number ${found.uid}`;
  return { name, uid: found.uid, gid: found.gid };
}

async function makeAccount(): Promise<SystemAccount | undefined> {
  const attempts: [string, string[]][] = [
    ["useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_ACCOUNT]],
    // BusyBox has no useradd.
    ["adduser", ["-S", "-D", "-H", "-s", "/sbin/nologin", OWN_ACCOUNT]],
  ];
  const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  for (const [command, args] of attempts) {
    // When two engines do this at once, one of the calls fails, and the account is there all the same.
    await promisify(execFile)(command, args, { env: { ...process.env, PATH: path } }).catch(() => {});
    const made = await findAccount(OWN_ACCOUNT);
    if (made) return made;
  }
  return undefined;
}

async function fallback(): Promise<SystemAccount> {
  for (const name of FALLBACK_ACCOUNTS) {
    const account = await findAccount(name);
    if (account) return account;
  }
  throw new HelveError(
    "failed_precondition",
    `PostgreSQL refuses to run as root, and no user ${OWN_ACCOUNT} could be made: run Helve as an ordinary user`,
  );
}

async function findAccount(name: string): Promise<SystemAccount | undefined> {
  return (await accounts()).find((account) => account.name === name);
}

async function accounts(): Promise<SystemAccount[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
