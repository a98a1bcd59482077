import { mkdtemp, readFile, rm } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { openCertificateFolder } from "./certificates/certificate-folder.ts";
import { readConfig } from "./config.ts";
import { createLog } from "./log.ts";
import { serve } from "./main.ts";
import type { Running } from "./serve.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let running: Running | undefined;
beforeAll(async () => {
  [database, folder] = await Promise.all([freshDatabase(), mkdtemp(join(tmpdir(), "helve-deployed-"))]);
});
afterAll(async () => {
  await running?.stop();
  await Promise.all([database?.drop(), rm(folder, { recursive: true, force: true })]);
});

/** @returns the status, of an authority that is trusted alone */
function statusOf(url: string, ca: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { ca, servername: "helve-engine" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

test("the engine of the manifest for Kubernetes starts as it stands there, answers its probes, and is named in tokens", async () => {
  const manifest = await readFile(new URL("../../../deploy/kubernetes/engine.yaml", import.meta.url), "utf8");
  const documents = parseAllDocuments(manifest).map((document) => document.toJS());
  const [engine] = documents.find(({ kind }) => kind === "Deployment").spec.template.spec.containers;
  const { metadata, spec } = documents.find(({ kind }) => kind === "Service");
  const certificates = openCertificateFolder(folder);
  const { cert: authority } = await certificates.makeAuthority(30);
  const hosts = [metadata.name, "127.0.0.1"];
  const pair = await certificates.make("tls", { purpose: "server", name: metadata.name, hosts, days: 30 });

  // Another place for the secret, other ports, and no address that the world could reach; all else is what the pod is given.
  const args = engine.args.slice(1).map((arg: string) => {
    const here = { "/tls/tls.crt": pair.cert, "/tls/tls.key": pair.key, "0.0.0.0": "127.0.0.1" };
    const [flag, value] = arg.split("=") as [string, keyof typeof here];
    return `${flag}=${here[value] ?? value}`;
  });
  const httpPort = await freePort();
  const config = readConfig(args, { DATABASE_URL: database.url, HELVE_DATA_DIR: join(folder, "data") });
  running = await serve({ ...config, grpcPort: 0, httpPort, log: createLog("error") });

  const ca = await readFile(authority);
  const probes = ["startupProbe", "readinessProbe", "livenessProbe"].map((name) => engine[name].httpGet);
  for (const { path, port, scheme } of probes) {
    expect([port, scheme]).toEqual(["http", "HTTPS"]);
    expect(await statusOf(`https://127.0.0.1:${httpPort}${path}`, ca)).toBe(200);
  }
  const claims = JSON.parse(Buffer.from(running.token?.split(".")[1] as string, "base64url").toString());
  const [grpc, http] = ["grpc", "http"].map(
    (name) => spec.ports.find((port: { name: string }) => port.name === name).port,
  );
  expect(claims.grpc_broadcast_address).toBe(`${metadata.name}:${grpc}`);
  expect(claims.server_url).toBe(`https://${metadata.name}:${http}`);
});
