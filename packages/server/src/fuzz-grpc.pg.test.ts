import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { status } from "@grpc/grpc-js";
import { findViolations, openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AnyMethod, hostileMessage, METHODS, oneOfEachKind, samples } from "./testing/fuzz/messages.ts";
import { type Random, seeded } from "./testing/fuzz/random.ts";
import { storedRows } from "./testing/fuzz/stored-rows.ts";
import { REFUSED_MS, rawCall } from "./testing/raw-call.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "./testing/test-worker.ts";

/** More messages for each method, and others: HELVE_FUZZ_CASES=2000 HELVE_FUZZ_SEED=7. */
const CASES = Number(process.env.HELVE_FUZZ_CASES ?? 25);
const SEED = Number(process.env.HELVE_FUZZ_SEED ?? 1);
const LIMIT_MS = 60_000 + CASES * 2_000;
const MEMORY_BYTES = 150 * 2 ** 20;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let db: ReturnType<typeof openDatabase>;
let requests: ReturnType<typeof samples>;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "fuzz" });
  await putWorkflow(server.client, "good");
  const worker = await startWorker(server.connect(), "good:only");
  const taskId = await trigger(server.client, "good");
  await worker.next();
  requests = samples({ workflow: "good", action: "good:only", workerId: worker.id, taskId });
});
afterAll(async () => {
  await db?.close();
  await server?.stop();
  await database?.drop();
});

/** One of each kind, and then what chance makes of the sample; with what to call them. */
function* messages(method: AnyMethod, random: Random, count: number): Generator<readonly [string, Buffer]> {
  const sample = requests[method.path];
  yield* Object.entries(oneOfEachKind(method, sample, random));
  for (let i = 0; i < count; i++) yield [`message ${i}`, hostileMessage(method, sample, random)];
}

test.each(METHODS.map((method) => [method.path, method] as const))(
  "%s refuses what it cannot take, and stores nothing of it",
  async (_path, method) => {
    const random = seeded(SEED * 1_000 + METHODS.indexOf(method));
    const isUnary = !method.requestStream && !method.responseStream;
    const wrong: string[] = [];
    let before = await storedRows(db);
    for (const [what, bytes] of messages(method, random, isUnary ? CASES : Math.ceil(CASES / 5))) {
      const { code, details } = await rawCall(server.client, method, bytes);
      const describe = `${what} (${bytes.length} bytes, ${bytes.subarray(0, 60).toString("latin1")}): `;
      if (what === "oversized" && isUnary) expect(code).toBe(status.RESOURCE_EXHAUSTED);
      // What grpc-js says of a message on a stream that it cannot read.
      if (method.requestStream && /deserializing|parsing/.test(details)) continue;
      if (code === status.INTERNAL || code === status.UNKNOWN || code === status.DEADLINE_EXCEEDED) {
        wrong.push(`${describe}${status[code]} ${details}`);
      } else if (code !== status.OK && details === "") {
        wrong.push(`${describe}${status[code]} without a word`);
      }
      const after = await storedRows(db);
      if (isUnary && code !== status.OK && after !== before) wrong.push(`${describe}refused, and stored: ${after}`);
      before = after;
    }
    expect(wrong).toEqual([]);
  },
  LIMIT_MS,
);

test.each(["/WorkflowService/TriggerWorkflow", "/Dispatcher/ListenV2", "/helve.v1.Sessions/Client"])(
  "100,000 keys beside a message are refused before anybody looks at its method: %s",
  async (path) => {
    const method = METHODS.find((one) => one.path === path) as AnyMethod;
    const stranger = server.connect();
    const metadata = stranger.metadata.clone();
    for (let key = 0; key < 100_000; key++) metadata.set(`key-${key}`, "value");
    const answer = await rawCall({ ...stranger, metadata }, method, Buffer.alloc(0), REFUSED_MS);
    expect(answer).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: expect.stringContaining("exhausted") });
  },
);

test("and after all that it works, keeps its promises and has not grown", async () => {
  expect(await trigger(server.client, "good")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await findViolations(db)).toEqual([]);
  collectGarbage();
  expect(process.memoryUsage().heapUsed).toBeLessThan(MEMORY_BYTES);
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
