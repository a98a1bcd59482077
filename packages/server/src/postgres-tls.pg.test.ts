import { chmod, chown, cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@helve/store";
import { startPostgres } from "@helve/store/embedded";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCertificateFolder } from "./certificates/certificate-folder.ts";
import { serve } from "./main.ts";
import { startTestServer } from "./testing/test-server.ts";

let folder: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let ca: string;
let strangersCa: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "helve-postgres-tls-"));
  // The user that Postgres runs as passes through it.
  await chmod(folder, 0o755);
  const certificates = openCertificateFolder(join(folder, "certs"));
  ca = (await certificates.makeAuthority(30)).cert;
  strangersCa = (await openCertificateFolder(join(folder, "strangers")).makeAuthority(30)).cert;
  const pair = await certificates.make("postgres", {
    purpose: "server",
    name: "localhost",
    hosts: ["localhost"],
    days: 30,
  });
  postgres = await startPostgres({ dataDir: join(folder, "data"), settings: { fsync: false } });
  await switchTlsOn(pair);
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Postgres runs as a user of its own where tests run as root, and its key may be nobody else's. */
async function switchTlsOn(pair: { cert: string; key: string }): Promise<void> {
  const db = openDatabase({ url: postgres.databaseUrl, maxConnections: 1, applicationName: "setup" });
  const query = (text: string) => db.query<{ setting: string }>({ name: "", text });
  const [row] = await query("select current_setting('data_directory') as setting");
  const place = row?.setting as string;
  const { uid, gid } = await stat(place);
  for (const [name, file] of Object.entries(pair).filter(([kind]) => kind !== "validUntil")) {
    await cp(file, join(place, `${name}.pem`));
    await chown(join(place, `${name}.pem`), uid, gid);
    await query(`alter system set ssl_${name}_file = '${name}.pem'`);
  }
  await query("alter system set ssl = on");
  await query("select pg_reload_conf()");
  await db.close();
}

/** @param host the certificate is for localhost, and not for 127.0.0.1 */
function urlWith(parameters: string, host = "localhost"): string {
  const url = new URL(postgres.databaseUrl);
  return `postgres://${url.username}:${url.password}@${host}:${url.port}${url.pathname}?${parameters}`;
}

async function connections(): Promise<{ name: string; ssl: boolean }[]> {
  const db = openDatabase({ url: postgres.databaseUrl, maxConnections: 1, applicationName: "look" });
  try {
    return await db.query({
      name: "",
      text: `select application_name as name, ssl from pg_stat_ssl join pg_stat_activity using (pid)
              where application_name like 'helve-%' order by 1`,
    });
  } finally {
    await db.close();
  }
}

test.each([
  ["sslmode=require", "127.0.0.1"],
  ["sslmode=verify-ca&sslrootcert=CA", "127.0.0.1"],
  ["sslmode=verify-full&sslrootcert=CA", "localhost"],
])("all connections are encrypted with %s", async (parameters, host) => {
  const warnings: string[] = [];
  const hear = (warning: Error) => warnings.push(warning.message);
  process.on("warning", hear);
  const server = await startTestServer(urlWith(parameters.replace("CA", ca), host));
  try {
    await fetch(`${server.running.httpUrl}/api/v1/tenants/${server.running.tenantId}/workflows`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    const found = await connections();
    expect([...new Set(found.map(({ name }) => name))]).toEqual([
      "helve-engine",
      "helve-lease",
      "helve-notifications",
      "helve-reading",
    ]);
    expect(found.filter(({ ssl }) => !ssl)).toEqual([]);
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", hear);
    await server.stop();
  }
});

test.each([
  [
    "an authority that has not signed the certificate",
    "sslmode=verify-full&sslrootcert=OTHER",
    "localhost",
    /self-signed|unable to/,
  ],
  [
    "a name that is not the certificate's",
    "sslmode=verify-full&sslrootcert=CA",
    "127.0.0.1",
    /does not match certificate/,
  ],
  ["a file that is not there", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "localhost", /no such file/],
])("refuses %s in one sentence without the password", async (_what, parameters, host, reason) => {
  const databaseUrl = urlWith(parameters.replace("OTHER", strangersCa).replace("CA", ca), host);
  const refused = await serve({ databaseUrl, grpcPort: 0, httpPort: 0, logLevel: "silent" }).catch((error) => error);
  expect(refused).toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^no connection to the database: /),
  });
  expect(refused.message).toMatch(reason);
  expect(refused.message).not.toContain(new URL(postgres.databaseUrl).password);
});
