import { findViolations, openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostileText, NO_UTF8, spoil } from "./testing/fuzz/hostile.ts";
import { type Random, seeded } from "./testing/fuzz/random.ts";
import { storedRows } from "./testing/fuzz/stored-rows.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "./testing/test-worker.ts";

/** As for gRPC: HELVE_FUZZ_CASES, HELVE_FUZZ_SEED. */
const CASES = Number(process.env.HELVE_FUZZ_CASES ?? 25);
const SEED = Number(process.env.HELVE_FUZZ_SEED ?? 1);
const LIMIT_MS = 60_000 + CASES * 2_000;

interface Parameter {
  name: string;
  in: "path" | "query";
}
interface OperationObject {
  parameters?: Parameter[];
  requestBody?: object;
}

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let db: ReturnType<typeof openDatabase>;
let ids: Record<string, string>;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "fuzz" });
  await putWorkflow(server.client, "good");
  const worker = await startWorker(server.connect(), "good:only");
  const run = await trigger(server.client, "good");
  await worker.next();
  ids = { tenant: server.running.tenantId, task: run, run, worker: worker.id };
});
afterAll(async () => {
  await db?.close();
  await server?.stop();
  await database?.drop();
});

async function request(method: string, path: string, body?: Uint8Array<ArrayBuffer>) {
  const answer = await fetch(server.running.httpUrl + path, {
    method,
    headers: { authorization: `Bearer ${server.token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: answer.status, text: await answer.text() };
}

/** What queries of this API are made of, good and bad. */
function queryValue(name: string, random: Random): string {
  const good = ["2020-01-01T00:00:00Z", "1", "true", "COMPLETED", ids.run as string, "a:b", "10"];
  const text = random.next() < 0.4 ? random.pick(good) : hostileText(random);
  const encoded = text === NO_UTF8 ? "%ff%fe" : encodeURIComponent(text.slice(0, 4_000));
  return `${name}=${encoded}`;
}

function hostilePath(path: string, parameters: readonly Parameter[], random: Random): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (random.next() < 0.8) return ids[name] ?? "00000000-0000-0000-0000-000000000000";
    return encodeURIComponent(hostileText(random).slice(0, 2_000)) || "x";
  });
  const asked = parameters.filter((one) => one.in === "query");
  const since = asked.some(({ name }) => name === "since") ? ["since=2020-01-01T00:00:00Z"] : [];
  const query = asked.flatMap(({ name }) => (random.next() < 0.3 ? [queryValue(name, random)] : []));
  return `${filled}?${[...since, ...query].join("&")}`;
}

const BODY = {
  workflowName: "good",
  input: { n: 1 },
  additionalMetadata: { a: "b" },
  priority: 1,
  externalIds: ["00000000-0000-0000-0000-000000000000"],
  filter: { since: "2020-01-01T00:00:00Z", until: "2030-01-01T00:00:00Z", statuses: ["RUNNING"], workflowIds: ["x"] },
  isPaused: false,
};

function hostileBody(random: Random): Uint8Array<ArrayBuffer> {
  const chance = random.next();
  if (chance < 0.1) return new Uint8Array(random.bytes(random.below(300)));
  if (chance < 0.25) return new Uint8Array(Buffer.from(hostileText(random)));
  const text = JSON.stringify(random.next() < 0.3 ? { ...BODY, ...hostileMember(random) } : spoil(BODY, random));
  const bytes = Buffer.from(text);
  return new Uint8Array(chance < 0.35 ? bytes.subarray(0, random.below(bytes.length)) : bytes);
}

/** A member of another type than it should have. */
function hostileMember(random: Random): object {
  const values = [null, 1, -1.5, 1e308, "text", [], {}, [null], [[[]]], true];
  return { [random.pick(Object.keys(BODY))]: random.pick(values) };
}

test(
  "every operation answers what it cannot take with a 4xx that says why, and stores nothing of it",
  async () => {
    const document = JSON.parse((await request("GET", "/api/v1/openapi.json")).text) as {
      paths: Record<string, Record<string, OperationObject>>;
    };
    const random = seeded(SEED);
    const wrong: string[] = [];
    let count = 0;
    let before = await storedRows(db);
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
        for (let i = 0; i < CASES; i++) {
          const asked = hostilePath(path, parameters, random);
          const body = requestBody ? hostileBody(random) : undefined;
          const { status, text } = await request(method.toUpperCase(), asked, body);
          count++;
          const sent = body ? Buffer.from(body).subarray(0, 200).toString("latin1") : "";
          const describe = `${method} ${asked.slice(0, 300)} ${sent}: ${status} ${text.slice(0, 200)}`;
          if (status >= 500 && status !== 501) wrong.push(describe);
          if (status >= 400 && status !== 431 && !/message|description/.test(text)) wrong.push(describe);
          const after = await storedRows(db);
          if (status >= 400 && after !== before) wrong.push(`stored: ${describe}`);
          before = after;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(CASES);
  },
  LIMIT_MS,
);

test("a body over the limit and one of great depth are refused, and the server goes on", async () => {
  const path = `/api/v1/stable/tenants/${ids.tenant}/workflow-runs/trigger`;
  const deep = `{"workflowName":"good","input":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`;
  const large = `{"workflowName":"good","input":{"a":"${"x".repeat(5_000_000)}"}}`;

  expect((await request("POST", path, new Uint8Array(Buffer.from(large)))).status).toBe(413);
  expect([200, 400]).toContain((await request("POST", path, new Uint8Array(Buffer.from(deep)))).status);
  expect((await request("GET", "/ready")).status).toBe(200);
  expect(await findViolations(db)).toEqual([]);
});
