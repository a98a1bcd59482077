import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig } from "./config.ts";

const deployed = (path: string) => new URL(`../../../deploy/${path}`, import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: manifests have every shape
async function podOf(file: string): Promise<any> {
  const documents = parseAllDocuments(await readFile(deployed(`kubernetes/${file}`), "utf8"));
  for (const document of documents) expect(document.errors).toEqual([]);
  return documents.map((one) => one.toJS()).find(({ kind }) => kind === "Deployment").spec.template.spec;
}

/** What follows a flag, in seconds. */
function secondsAfter(text: string, flag: string): number {
  return Number(new RegExp(`${flag}[ ,"]+(\\d+)s`).exec(text)?.[1]);
}

test("the engine on Kubernetes has flags that it takes, probes that it answers, and time to end", async () => {
  const pod = await podOf("engine.yaml");
  const [engine] = pod.containers;
  const [command, ...flags] = engine.args;
  expect(command).toBe("serve");
  const config = readConfig(flags, { DATABASE_URL: "postgres://db/helve" });
  expect(config).toMatchObject({ host: "0.0.0.0", publicUrl: "https://helve-engine:8080" });
  const ports = Object.fromEntries(
    engine.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [name, containerPort]),
  );
  expect(ports).toEqual({ grpc: config.grpcPort, http: config.httpPort });
  const paths = ["startupProbe", "readinessProbe", "livenessProbe"].map((probe) => engine[probe].httpGet.path);
  expect(paths).toEqual(["/ready", "/ready", "/live"]);
  const [, waits] = engine.lifecycle.preStop.exec.command;
  // Ten seconds for calls, ten for whatever comes after them.
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(waits) + 20);
});

test("workers on Kubernetes and under systemd are given longer to end than they give their copies", async () => {
  const pod = await podOf("workers.yaml");
  const graceSeconds = secondsAfter(pod.containers[0].command.join(" "), "--grace");
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(graceSeconds);
  const unit = await readFile(deployed("helve-worker@.service"), "utf8");
  expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(secondsAfter(unit, "--grace"));
});

test("the image has every workspace that its installation reads, and starts a program that is there", async () => {
  const dockerfile = await readFile(deployed("Dockerfile"), "utf8");
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, sources = ""]) => sources.split(" "));
  for (const source of copied) await expect(readFile(deployed(`../${source}`)).catch(isFolder)).resolves.toBeDefined();
  const { workspaces } = JSON.parse(await readFile(deployed("../package.json"), "utf8")) as { workspaces: string[] };
  for (const workspace of workspaces) {
    expect(copied).toContain(workspace === "packages/*" ? "packages" : `${workspace}/package.json`);
  }
  expect(dockerfile).toMatch(/^ENV .*HELVE_DATA_DIR=\/data$/m);
  expect(readConfig([], { HELVE_DATA_DIR: "/data" }).dataDir).toBe("/data");
  const [, entry = ""] = /^ENTRYPOINT \["node", "\/opt\/helve\/(.+)"\]$/m.exec(dockerfile) ?? [];
  await expect(readFile(deployed(`../${entry}`))).resolves.toBeDefined();
});

function isFolder({ code }: NodeJS.ErrnoException): string {
  if (code !== "EISDIR") throw new Error(`COPY of what is not there: ${code}`);
  return code;
}

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) console.info("systemd-analyze is not installed: units are not verified");

describe.runIf(hasSystemd)("systemd", () => {
  test.each(["helve.service", "helve-worker@.service"])("accepts %s", (unit) => {
    const { stderr, status } = spawnSync("systemd-analyze", ["verify", fileURLToPath(deployed(unit))], {
      encoding: "utf8",
    });
    const about = stderr.split("\n").filter((line) => line.includes("helve"));
    expect([status, about]).toEqual([0, []]);
  });
});
