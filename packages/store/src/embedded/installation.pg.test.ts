import { execFile } from "node:child_process";
import { chmod, cp, lstat, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findShipped, type Installation, makeUsable } from "./installation.ts";
import { accountFor } from "./system-account.ts";

const account = await accountFor("/nowhere");
const isRoot = account !== undefined;
const A_LINK = "lib/libpq.so.5";

let place: string;
let shipped: Installation;
let copies: string;
let counter = 0;

/** As npm leaves it when it withholds install scripts: complete but for the links. */
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "helve-install-"));
  await chmod(place, 0o755);
  const original = await findShipped();
  shipped = { ...original, folder: join(place, "closed", "native") };
  await cp(original.folder, shipped.folder, {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
  // What keeps it from being used in place: nobody else may enter, or the links cannot be made.
  await setClosed(true);
});

beforeEach(() => {
  copies = join(place, `copies-${counter++}`);
});

afterAll(async () => {
  await setClosed(false);
  await rm(place, { recursive: true });
});

async function setClosed(isClosed: boolean): Promise<void> {
  if (isRoot) await chmod(join(place, "closed"), isClosed ? 0o700 : 0o755);
  else await chmod(join(shipped.folder, "lib"), isClosed ? 0o555 : 0o755);
}

async function versionOf({ folder }: Installation): Promise<string> {
  const options = { cwd: "/", env: {}, ...(account && { uid: account.uid, gid: account.gid }) };
  return (await promisify(execFile)(join(folder, "bin", "postgres"), ["--version"], options)).stdout;
}

test("copies what cannot be used in place, once", async () => {
  const installation = await makeUsable(shipped, account, copies);
  expect(installation.folder).toBe(join(copies, shipped.version));
  expect(await versionOf(installation)).toContain("PostgreSQL");
  const { ctimeMs } = await lstat(installation.folder);
  expect(await makeUsable(shipped, account, copies)).toEqual(installation);
  expect((await lstat(installation.folder)).ctimeMs).toBe(ctimeMs);
});

test("copies again what did not reach the disk", async () => {
  const { folder } = await makeUsable(shipped, account, copies);
  await truncate(join(folder, "bin", "postgres"));
  expect(await versionOf(await makeUsable(shipped, account, copies))).toContain("PostgreSQL");
});

test("lets several copy at the same time", async () => {
  const installations = await Promise.all([1, 2].map(() => makeUsable(shipped, account, copies)));
  for (const installation of installations) expect(await versionOf(installation)).toContain("PostgreSQL");
  expect((await lstat(join(copies, shipped.version, A_LINK))).isSymbolicLink()).toBe(true);
});

test("makes the links that the install script would have made", async () => {
  await setClosed(false);
  await expect(versionOf(shipped)).rejects.toThrow(/cannot open shared object file|Library not loaded/);
  const installation = await makeUsable(shipped, account, copies);
  expect(installation).toEqual(shipped);
  expect(await versionOf(installation)).toContain("PostgreSQL");
});
