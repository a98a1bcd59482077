import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HelveClient } from "@helve/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, eventually, runHelve, startHelve } from "../testing/helve-process.ts";

/** An engine that asks everybody for a certificate, over HTTP as well. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
let token: string;
let files: { ca: string; cert: string; key: string };
beforeAll(async () => {
  folder = await dataFolder();
  const parent = dirname(folder.path);
  const certs = join(parent, "certs");
  await runHelve(["cert", "init", "--dir", certs, "--host", "127.0.0.1"]);
  await runHelve(["cert", "client", "operator", "--dir", certs]);
  files = { ca: join(certs, "ca.pem"), cert: join(certs, "operator.pem"), key: join(certs, "operator-key.pem") };
  const readyFile = join(parent, "ready.json");
  const tls = ["--tls-cert", join(certs, "server.pem"), "--tls-key", join(certs, "server-key.pem")];
  const asking = ["--tls-client-ca", files.ca, "--require-http-certs"];
  const flags = ["--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error", ...tls, ...asking];
  startHelve(["serve", ...flags], { HELVE_GRPC_PORT: "0", HELVE_HTTP_PORT: "0" });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 25_000);
  token = (JSON.parse(await readFile(readyFile, "utf8")) as { token: string }).token;
}, 60_000);
afterAll(() => folder.remove());

describe("with the certificate that is named for gRPC", () => {
  it("helve speaks to it over HTTP, and says so when there is none to show", async () => {
    const env = { HELVE_CLIENT_TOKEN: token, HELVE_CLIENT_TLS_ROOT_CA_FILE: files.ca };
    const own = { HELVE_CLIENT_TLS_CERT_FILE: files.cert, HELVE_CLIENT_TLS_KEY_FILE: files.key };
    const known = await runHelve(["workers", "--json"], { ...env, ...own, HELVE_CLIENT_TLS_STRATEGY: "mtls" });
    expect([known.code, known.err]).toEqual([0, ""]);
    const unknown = await runHelve(["workers"], env);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringMatching(/: a certificate .* has to be shown$/m)]);
  });

  it("the client speaks to it over HTTP", async () => {
    const init = (tls_strategy: "tls" | "mtls") =>
      HelveClient.init({
        token,
        log_level: "OFF",
        tls_config: { tls_strategy, ca_file: files.ca, cert_file: files.cert, key_file: files.key },
      });
    await expect(init("mtls").workers.list()).resolves.toBeDefined();
    await expect(init("tls").workers.list()).rejects.toThrow("a certificate that the engine's client authority");
  });
});
