import { join } from "node:path";
import { chooseDataDir } from "@helve/store/embedded";
import { describe, expect, it } from "vitest";
import { dataDirs } from "./data-dirs.ts";

/** The command line repeats the engine's rule; this holds the two together. Whose home it is decides, so it is not pure. */
describe("the data folders that are looked through", () => {
  it.each([
    ["nothing is said", {}],
    ["there is a folder for data of this user", { XDG_DATA_HOME: "/srv/data-of-ada" }],
    ["it is named", { HELVE_DATA_DIR: "some/folder" }],
  ])("hold the one that an engine chooses when %s", async (_case, env) => {
    expect(dataDirs(env, undefined)).toContain(await chooseDataDir(env));
  });

  it("are the one that is named, when one is", () => {
    expect(dataDirs({ HELVE_DATA_DIR: "/a" }, "/b")).toEqual(["/b"]);
    expect(dataDirs({ HELVE_DATA_DIR: "/a" }, undefined)).toEqual(["/a"]);
  });

  it("are absolute", () => {
    expect(dataDirs({}, "data")).toEqual([join(process.cwd(), "data")]);
  });
});
