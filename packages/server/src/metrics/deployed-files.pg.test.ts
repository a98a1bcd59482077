import { execFileSync, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { freshDatabase } from "@helve/store/testing";
import { parser } from "@prometheus-io/lezer-promql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const deployed = (path: string) => new URL(`../../../../deploy/${path}`, import.meta.url);
const RULES = deployed("prometheus/helve.rules.yml");
const TESTS = deployed("prometheus/helve.tests.yml");
const DASHBOARD = deployed("grafana/helve.json");

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
/** Names of the samples that a running engine serves. */
let served: Set<string>;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  const text = await (await fetch(`${server.running.httpUrl}/metrics`)).text();
  served = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, kind]) => {
      return kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name as string];
    }),
  );
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

/** The metrics that an expression reads. @throws when it is no PromQL */
function metricsOf(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === "VectorSelector") names.push(/^\w+/.exec(expression.slice(node.from, node.to))?.[0] ?? "");
    },
  });
  return names;
}

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string };
}

async function readRules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

test("every alert reads metrics that an engine serves, and says how urgent it is and what is wrong", async () => {
  const rules = await readRules();

  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, expr, labels, annotations } of rules) {
    expect(alert).toMatch(/^Helve[A-Z]\w+$/);
    expect(
      metricsOf(expr).filter((name) => !served.has(name)),
      alert,
    ).toEqual([]);
    expect(["page", "ticket"], alert).toContain(labels.severity);
    expect(annotations.summary, alert).toMatch(/\.$/);
  }
});

test("every panel of the dashboard reads metrics that an engine serves", async () => {
  const { panels } = JSON.parse(await readFile(DASHBOARD, "utf8")) as {
    panels: { id: number; title: string; targets?: { expr: string }[] }[];
  };

  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  expect(expressions.length).toBeGreaterThan(30);
  for (const { title, expr } of expressions) {
    // Grafana puts a span of time there.
    const names = metricsOf(expr.replaceAll("$__rate_interval", "5m"));
    expect(names.length, title).toBeGreaterThan(0);
    expect(
      names.filter((name) => !served.has(name)),
      title,
    ).toEqual([]);
  }
});

test("names in expressions are found, and what is no expression is refused", () => {
  expect(metricsOf('sum by (le) (rate(a_bucket{x="b_c"}[5m])) > on () d')).toEqual(["a_bucket", "d"]);
  expect(() => metricsOf("sum(")).toThrow("no PromQL");
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) console.info("promtool is not installed: alerts are read, not tried (Debian has it in prometheus)");

describe.runIf(hasPromtool)("promtool", () => {
  test("accepts the rules, and the alerts fire when they should", () => {
    const run = (...args: string[]) => execFileSync("promtool", args, { encoding: "utf8", stdio: "pipe" });
    expect(run("check", "rules", fileURLToPath(RULES))).toContain("SUCCESS");
    expect(run("test", "rules", fileURLToPath(TESTS))).toContain("SUCCESS");
  });
});
