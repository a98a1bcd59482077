import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseDataDir } from "./data-folder.ts";

const isRoot = process.getuid?.() === 0;
let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "helve-choice-"));
  await chmod(place, 0o755);
});
afterAll(() => rm(place, { recursive: true }));

test("takes the folder that HELVE_DATA_DIR names, whatever else is set", async () => {
  expect(await chooseDataDir({ HELVE_DATA_DIR: "/srv/data", XDG_DATA_HOME: place })).toBe("/srv/data");
});

test("takes the user's own data folder", async () => {
  expect(await chooseDataDir({ XDG_DATA_HOME: place })).toBe(join(place, "helve"));
});

test("moves the data of root out of a home that the user of Postgres may not enter, always to the same place", async () => {
  const home = join(place, "home");
  await mkdir(home, { mode: 0o700 });
  const chosen = await chooseDataDir({ XDG_DATA_HOME: home });
  expect(chosen).toMatch(isRoot ? /^\/var\/lib\/helve\/data\/[0-9a-f]{12}$/ : join(home, "helve"));
  expect(await chooseDataDir({ XDG_DATA_HOME: home })).toBe(chosen);
});
