import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../cli.ts";
import { memoryIo } from "../testing/memory-io.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "helve-cert-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function helve(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: {} });
  return { code: await runCli(args, io), out: io.outText(), err: io.errText() };
}

const certificate = async (name: string) => new X509Certificate(await readFile(join(dir, `${name}.pem`)));

it("makes an authority and an engine's certificate, and keeps the authority that is there", async () => {
  const { code, out, err } = await helve("cert", "init", "--dir", dir, "--host", "engine.example,10.0.0.5");
  expect([code, err]).toEqual([0, ""]);
  expect(out.split("\n")).toEqual([
    expect.stringMatching(/ca\.pem and .*ca-key\.pem, good until \d{4}-\d\d-\d\d$/),
    expect.stringMatching(/server\.pem and .*server-key\.pem, good until \d{4}-\d\d-\d\d$/),
    "",
  ]);
  const server = await certificate("server");
  for (const name of ["engine.example", "localhost"]) expect(server.checkHost(name)).toBe(name);
  for (const address of ["10.0.0.5", "127.0.0.1", "::1"]) expect(server.checkIP(address)).toBeDefined();

  const authority = (await certificate("ca")).fingerprint256;
  expect(await helve("cert", "init", "--dir", dir)).toMatchObject({ code: 1, err: expect.stringContaining("is kept") });
  expect((await certificate("ca")).fingerprint256).toBe(authority);
});

it("makes certificates for workers and other servers, as long as is asked for", async () => {
  const { out } = await helve("cert", "client", "mail-worker", "--dir", dir, "--expires", "30d", "--json");
  const { client } = JSON.parse(out) as { client: { cert: string; key: string; validUntil: string } };
  expect(client).toMatchObject({ cert: join(dir, "mail-worker.pem"), key: join(dir, "mail-worker-key.pem") });
  expect((Date.parse(client.validUntil) - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
  expect((await certificate("mail-worker")).subject).toBe("CN=mail-worker");

  expect((await helve("cert", "server", "postgres", "--host", "db.example", "--dir", dir)).code).toBe(0);
  expect((await certificate("postgres")).checkHost("db.example")).toBe("db.example");
});

it("says how it is used, and writes to no other folder", async () => {
  expect((await helve("cert", "burn")).err).toContain("helve cert init, server or client");
  for (const name of ["../mail", "a/b", "ca", ".."]) {
    const { code, err } = await helve("cert", "client", name, "--dir", dir);
    expect([code, err], name).toEqual([2, expect.stringContaining(`NAME is '${name}'`)]);
  }
  expect(await helve("cert", "client", "x", "--dir", join(dir, "none"))).toMatchObject({
    code: 1,
    err: expect.stringContaining("helve cert init makes an authority"),
  });
  expect(await readdir(dir)).not.toContain("none");
});
