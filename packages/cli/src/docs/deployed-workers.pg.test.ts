import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { freePort } from "../supervisor/health-probe.ts";
import { dataFolder, eventually, isAlive, startHelve } from "../testing/helve-process.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const LIMIT_MS = 60_000;
const WORKER = `
import { HelveClient } from "@helve/sdk";
const helve = HelveClient.init();
const send = helve.task({ name: "send", fn: () => ({ sent: true }) });
const worker = await helve.worker("mail", { workflows: [send] });
await worker.start();
`;

/** What deploy/ starts workers with, started as it stands there, but for where things are. */
let folder: Awaited<ReturnType<typeof dataFolder>>;
let place: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await dataFolder();
  // Inside the clone, where programs find the SDK.
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  place = await mkdtemp(join(ROOT, ".cache", "deployed-"));
  await writeFile(join(place, "package.json"), '{"type":"module"}');
  await writeFile(join(place, "worker.js"), WORKER);
  const readyFile = join(dirname(folder.path), "ready.json");
  startHelve(["serve", "--data-dir", folder.path, "--ready-file", readyFile, "--log-level", "error"], {
    HELVE_GRPC_PORT: "0",
    HELVE_HTTP_PORT: "0",
  });
  await eventually("the engine", () => existsSync(readyFile) || undefined, 25_000);
  const { token } = JSON.parse(await readFile(readyFile, "utf8")) as { token: string };
  env = { HELVE_CLIENT_TOKEN: token, HELVE_CLIENT_TLS_STRATEGY: "none", XDG_RUNTIME_DIR: place };
}, LIMIT_MS);
afterAll(async () => {
  await folder.remove();
  await rm(place, { recursive: true, force: true });
});

const deployed = (path: string) => readFile(join(ROOT, "deploy", path), "utf8");

/** The program of the image, from source. */
const program = (words: readonly string[]) =>
  words
    .flatMap((word) => (word === "node" ? [process.execPath, "--conditions=source", "--import", "tsx"] : [word]))
    .map((word) => (word.endsWith("worker.js") ? join(place, "worker.js") : word));

it(
  "the workers of the manifest for Kubernetes start, are ready for their probe, and end by themselves when told",
  async () => {
    const [deployment] = parseAllDocuments(await deployed("kubernetes/workers.yaml")).map((one) => one.toJS());
    const [container] = deployment.spec.template.spec.containers;
    const [helve, ...args] = program([...container.command, ...container.args]);
    expect(helve).toBe("helve");
    const own = Object.fromEntries(
      container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    const port = await freePort();
    expect(own.HELVE_CLIENT_WORKER_HEALTHCHECK_HOST).toBe("0.0.0.0");
    expect(container.ports).toEqual([
      { name: container.readinessProbe.httpGet.port, containerPort: Number(own.HELVE_CLIENT_WORKER_HEALTHCHECK_PORT) },
    ]);
    const supervisor = startHelve(args, {
      ...env,
      ...own,
      HELVE_CLIENT_WORKER_HEALTHCHECK_HOST: "127.0.0.1",
      HELVE_CLIENT_WORKER_HEALTHCHECK_PORT: String(port),
    });
    const probe = () =>
      fetch(`http://127.0.0.1:${port}${container.readinessProbe.httpGet.path}`).catch(() => undefined);
    await eventually(
      "a worker that is ready",
      async () => ((await probe())?.status === 200 ? true : undefined),
      30_000,
    );
    supervisor.signal("SIGTERM");
    expect(await supervisor.ended).toBe(0);
  },
  LIMIT_MS,
);

it(
  "the workers of the systemd unit start, roll when it is reloaded, and end by themselves when told",
  async () => {
    const unit = await deployed("helve-worker@.service");
    const [, line = ""] = /^ExecStart=\/usr\/bin\/env node packages\/cli\/bin\/helve\.js (.+)$/m.exec(unit) ?? [];
    const [, example = ""] = /^#\s+COMMAND=(.+)$/m.exec(unit) ?? [];
    const variables: Record<string, string[]> = { "%i": ["mail"], [`\${COPIES}`]: ["2"], $COMMAND: example.split(" ") };
    const supervisor = startHelve(program(line.split(" ").flatMap((word) => variables[word] ?? [word])), env);
    const says = (what: RegExp) => eventually(`${what}`, () => what.exec(supervisor.errText()) ?? undefined, 30_000);
    await says(/mail\/2 is worker /);
    expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
    supervisor.signal("SIGHUP");
    await says(/all 2 copies are new/);
    supervisor.signal("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    const copies = [...supervisor.errText().matchAll(/started, process (\d+)/g)].map(([, pid]) => Number(pid));
    expect(copies.filter(isAlive)).toEqual([]);
  },
  LIMIT_MS,
);
