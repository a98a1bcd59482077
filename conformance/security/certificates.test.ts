import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OURS, PYTHON_V0, PYTHON_V1, TYPESCRIPT } from "../support/client.ts";
import { type RunningEngine, startEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { helve } from "../support/helve.ts";
import { requirePythonClients } from "../support/python.ts";
import { Stage } from "../support/stage.ts";

/** An engine that asks for certificates and holds workers to theirs; made with the commands that the guide shows. */
let folder: string;
let engine: RunningEngine;
let tokens: Record<"worker" | "trigger", string>;
beforeAll(async () => {
  await requirePythonClients();
  folder = await mkdtemp(join(tmpdir(), "helve-certificates-"));
  await helve("cert", "init", "--dir", folder);
  await helve("cert", "client", "caller", "--dir", folder);
  engine = await startEngine({
    environment: {
      HELVE_TLS_CERT: join(folder, "server.pem"),
      HELVE_TLS_KEY: join(folder, "server-key.pem"),
      HELVE_TLS_CLIENT_CA: join(folder, "ca.pem"),
      HELVE_BIND_WORKER_NAMES: "1",
    },
  });
  const place = ["--database-url", engine.address.databaseUrl, "--data-dir", engine.dataDir];
  const make = async (scope: string) => (await helve("token", "create", "--scope", scope, ...place)).trim();
  tokens = { worker: await make("worker"), trigger: await make("trigger") };
});
afterAll(async () => {
  await engine?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** What a client is told to show a certificate. */
function certificate(name: string): Record<string, string> {
  return {
    HATCHET_CLIENT_TLS_STRATEGY: "mtls",
    HATCHET_CLIENT_TLS_ROOT_CA_FILE: join(folder, "ca.pem"),
    HATCHET_CLIENT_TLS_CERT_FILE: join(folder, `${name}.pem`),
    HATCHET_CLIENT_TLS_KEY_FILE: join(folder, `${name}-key.pem`),
    NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
  };
}

// Three programs start for each, and share a small machine.
const LIMIT_MS = 120_000;

describe.each([TYPESCRIPT, OURS, PYTHON_V1, PYTHON_V0])("$title", { timeout: LIMIT_MS }, (client) => {
  const open = () =>
    Stage.open(client, { ...engine.address, token: tokens.trigger, environment: certificate("caller") });

  test("works with a certificate of its own and with tokens for one purpose, children included", async () => {
    const stage = await open();
    const name = `${stage.prefix}-main`;
    await helve("cert", "client", name, "--dir", folder);
    await stage.worker("main", { environment: { ...certificate(name), HATCHET_CLIENT_TOKEN: tokens.worker } });

    const { family } = await stage.caller.run(stage.workflow("family"), {});

    expect(family.one).toMatchObject({ n: 0, parent: family.self });
    expect(family.many.map((child: { n: number }) => child.n)).toEqual([1, 2, 3]);
  });

  test("reads in its log why it may not be the worker of that name", async () => {
    const stage = await open();
    const environment = { ...certificate("caller"), HATCHET_CLIENT_TOKEN: tokens.worker };
    const { program } = await stage.registerWorker("thief", { environment });

    const reason = `a worker '${stage.prefix}-thief' needs a certificate of that name; the one shown is for 'caller'`;
    await eventually("the reason in the log", 30_000, async () => program.output().includes(reason) || undefined);
  });
});
