import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { closedFolder } from "./folder-access.ts";

const root = await mkdtemp(join(tmpdir(), "helve-access-"));
await chmod(root, 0o755);
afterAll(() => rm(root, { recursive: true }));

const stranger = { name: "stranger", uid: 64_001, gid: 64_001 };

async function folder(name: string, mode: number): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  return path;
}

test("finds nothing closed on an open way, made or not", async () => {
  const open = await folder("open", 0o711);
  expect(await closedFolder(join(open, "not", "yet"), stranger)).toBeUndefined();
});

test("names the folder that is closed, not what lies in it", async () => {
  const closed = await folder("closed", 0o750);
  const inner = await folder("closed/inner", 0o755);
  expect(await closedFolder(inner, stranger)).toBe(closed);
});

test("counts the bits of the group for its members", async () => {
  const closed = await folder("group", 0o710);
  expect(await closedFolder(closed, { ...stranger, gid: process.getgid?.() ?? 0 })).toBeUndefined();
  expect(await closedFolder(closed, stranger)).toBe(closed);
});
