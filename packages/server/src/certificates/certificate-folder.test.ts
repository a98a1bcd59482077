import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCertificateFolder } from "./certificate-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "helve-certs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (file: string): Promise<X509Certificate> => new X509Certificate(await readFile(file));

test("makes an authority once, and certificates that it vouches for", async () => {
  const certificates = openCertificateFolder(join(folder, "new"));
  const authority = await certificates.makeAuthority(3_650);
  const server = await certificates.make("server", {
    purpose: "server",
    name: "engine.example",
    hosts: ["engine.example", "10.0.0.5", "::1"],
    days: 397,
  });
  const client = await certificates.make("mail", { purpose: "client", name: "mail", hosts: ["mail"], days: 30 });

  const ca = await read(authority.cert);
  expect(ca.ca).toBe(true);
  for (const { cert, key } of [server, client]) {
    const certificate = await read(cert);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    createSecureContext({ cert: await readFile(cert), key: await readFile(key) });
    expect((await stat(key)).mode & 0o777).toBe(0o600);
  }
  const certificate = await read(server.cert);
  expect(certificate.subjectAltName).toBe("DNS:engine.example, IP Address:10.0.0.5, IP Address:0:0:0:0:0:0:0:1");
  expect(certificate.checkHost("engine.example")).toBe("engine.example");
  expect(certificate.checkIP("10.0.0.5")).toBe("10.0.0.5");
  expect(certificate.checkHost("other.example")).toBeUndefined();
  expect((await read(client.cert)).subject).toBe("CN=mail");
  expect((client.validUntil.getTime() - Date.now()) / 86_400_000).toBeCloseTo(30, 1);

  await expect(certificates.makeAuthority(1)).rejects.toMatchObject({
    code: "already_exists",
    message: `${authority.cert} is there already, and is kept`,
  });
});

test("says where an authority is missing", async () => {
  const request = { purpose: "client", name: "x", hosts: [], days: 1 } as const;
  await expect(openCertificateFolder(join(folder, "none")).make("x", request)).rejects.toMatchObject({
    code: "failed_precondition",
    message: expect.stringContaining("helve cert init makes an authority"),
  });
});
