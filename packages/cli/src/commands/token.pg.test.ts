import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli.ts";
import { dataFolder, eventually, type HelveProcess, postmasterOf, startHelve } from "../testing/helve-process.ts";
import { memoryIo } from "../testing/memory-io.ts";

let folder: Awaited<ReturnType<typeof dataFolder>>;
let engine: HelveProcess;
beforeAll(async () => {
  folder = await dataFolder();
  const readyFile = join(dirname(folder.path), "ready.json");
  const flags = ["--no-sample", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"];
  engine = startHelve(["dev", ...flags], { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 45_000);
}, 60_000);
afterAll(() => folder.remove());

async function helve(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { HELVE_DATA_DIR: folder.path } });
  return { code: await runCli(args, io), out: io.outText(), err: io.errText() };
}

interface Made {
  id: string;
  token: string;
  expiresAt: string;
}

async function make(...flags: string[]): Promise<Made> {
  const { code, out, err } = await helve("token", "create", "--json", ...flags);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out) as Made;
}

describe("helve token, beside an engine", { timeout: 60_000 }, () => {
  it("makes a token that the engine accepts, with the addresses of that engine", async () => {
    const { code, out, err } = await helve("token", "create", "--name", "billing", "--expires", "1y");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^ey\S+\n$/);
    expect((await helve("runs", "--token", out.trim())).err).toBe("");
  });

  it("lists tokens without showing them, the newest first", async () => {
    const { id, token } = await make("--name", "newest");
    const { code, out } = await helve("token", "list");
    expect(code).toBe(0);
    const [head, first] = out.split("\n");
    expect(head).toMatch(/^TOKEN +NAME +SCOPE +STATE +MADE +EXPIRES$/);
    expect(first).toMatch(new RegExp(`^${id} +newest +admin +good +now +\\d{4}-\\d\\d-\\d\\d$`));
    expect(out).not.toContain(token);
  });

  it("takes a span for the expiry, and 90 days without", async () => {
    const days = ({ expiresAt }: Made) => Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000);
    expect(days(await make("--expires", "30d"))).toBe(30);
    expect(days(await make())).toBe(90);
  });

  it("makes a token for one purpose, and says what it is not for", async () => {
    const { id, token } = await make("--name", "web", "--scope", "trigger");
    expect((await helve("token", "list")).out).toMatch(new RegExp(`^${id} +web +trigger +good `, "m"));
    expect((await helve("workers", "--token", token)).err).toContain(
      "the token has the scope trigger, and worker:list needs worker or read or admin",
    );
    const { code, err } = await helve("token", "create", "--scope", "all");
    expect([code, err]).toEqual([2, expect.stringContaining("--scope is 'all': it must be one of admin, worker,")]);
  });

  it("revokes a token once", async () => {
    const { id, token } = await make();
    expect(await helve("token", "revoke", id)).toEqual({ code: 0, out: `Revoked ${id}.\n`, err: "" });
    const again = await helve("token", "revoke", id);
    expect(again.code).toBe(1);
    expect(again.err).toContain(`there is no token ${id} that could be revoked`);
    expect((await helve("token", "list")).out).toMatch(new RegExp(`^${id} .* revoked `, "m"));
    // It was never used, so nobody remembers it as good.
    expect((await helve("runs", "--token", token)).err).toContain("does not accept the token");
  });

  it("says how it is used", async () => {
    expect((await helve("token", "create", "--expires", "soon")).code).toBe(2);
    expect((await helve("token", "shred")).err).toContain("helve token create, list or revoke");
    expect((await helve("token", "revoke", "17")).code).toBe(1);
  });
});

describe("helve token, where no engine runs", { timeout: 60_000 }, () => {
  it("starts the embedded database for it, and ends it again", async () => {
    engine.signal("SIGTERM");
    await engine.ended;
    const { id } = await make("--name", "offline");
    expect((await helve("token", "list")).out).toContain(id);
    expect(postmasterOf(folder.path)).toBeUndefined();
  });
});
