import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findEngine } from "./find-engine.ts";

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part(claims)}.c2ln`;
}

const FROM_FLAG = tokenOf({ sub: "tenant-flag", server_url: "http://127.0.0.1:1" });
const FROM_ENV = tokenOf({ sub: "tenant-env", server_url: "http://127.0.0.1:2/" });
const FROM_FOLDER = tokenOf({ sub: "tenant-folder", server_url: "http://127.0.0.1:3" });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "helve-cli-"));
  await writeFile(join(folder, "token"), `${FROM_FOLDER}\n`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("finding the engine", () => {
  it("takes the token of the data folder when nothing else is said", async () => {
    expect(await findEngine({}, { HELVE_DATA_DIR: folder })).toMatchObject({
      token: FROM_FOLDER,
      tenantId: "tenant-folder",
      apiUrl: "http://127.0.0.1:3",
      source: join(folder, "token"),
    });
  });

  it("lets the environment count before the folder, and a flag before both", async () => {
    const env = { HELVE_DATA_DIR: folder, HELVE_CLIENT_TOKEN: FROM_ENV };
    expect(await findEngine({}, env)).toMatchObject({ tenantId: "tenant-env", apiUrl: "http://127.0.0.1:2" });
    expect(await findEngine({ token: FROM_FLAG }, env)).toMatchObject({ tenantId: "tenant-flag" });
  });

  it("lets a folder on the command line count before what the shell has exported", async () => {
    const found = await findEngine({ "data-dir": folder }, { HELVE_CLIENT_TOKEN: FROM_ENV });
    expect(found.tenantId).toBe("tenant-folder");
  });

  it("knows the variables that programs bring from Hatchet", async () => {
    const env = { HATCHET_CLIENT_TOKEN: FROM_ENV, HATCHET_CLIENT_API_URL: "http://127.0.0.1:9" };
    expect(await findEngine({}, env)).toMatchObject({ tenantId: "tenant-env", apiUrl: "http://127.0.0.1:9" });
  });

  it.each([
    ["not a token", { token: "abc" }, "the token of --token is none; was it cut when it was copied?"],
    ["a token without a tenant", { token: tokenOf({}) }, "the token of --token is none"],
    ["no address", { token: tokenOf({ sub: "t" }) }, "the token names no address; give --api-url"],
    ["a bad address", { token: FROM_FLAG, "api-url": "localhost" }, "'localhost' is no URL"],
  ])("says what is wrong: %s", async (_case, wishes, message) => {
    await expect(findEngine(wishes, {})).rejects.toThrow(message);
  });
});
