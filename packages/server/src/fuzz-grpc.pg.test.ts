import { type ServiceError, status } from "@grpc/grpc-js";
import { findViolations, openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AnyMethod, hostileMessage, METHODS, samples } from "./testing/fuzz/messages.ts";
import { seeded } from "./testing/fuzz/random.ts";
import { storedRows } from "./testing/fuzz/stored-rows.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "./testing/test-worker.ts";

/** More messages for each method, and others: HELVE_FUZZ_CASES=2000 HELVE_FUZZ_SEED=7. */
const CASES = Number(process.env.HELVE_FUZZ_CASES ?? 25);
const SEED = Number(process.env.HELVE_FUZZ_SEED ?? 1);
/** A stream that has not been refused by then was understood. */
const STREAM_MS = 100;
const LIMIT_MS = 60_000 + CASES * 2_000;
const MEMORY_BYTES = 300 * 2 ** 20;

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

interface Answer {
  code: status;
  details: string;
}

/** Sends bytes as they are and waits for the status; of a stream that stays open, OK. */
function send(method: AnyMethod, bytes: Buffer): Promise<Answer> {
  const { client } = server;
  const raw = (message: Buffer): Buffer => message;
  const { dispatcher: channel, metadata } = client;
  const { path } = method;
  return new Promise((resolve) => {
    const done = (error: Partial<ServiceError> | null): void =>
      resolve({ code: error?.code ?? status.OK, details: error?.details ?? "" });
    if (!method.requestStream && !method.responseStream) {
      channel.makeUnaryRequest(path, raw, raw, bytes, metadata, { deadline: Date.now() + 20_000 }, done);
      return;
    }
    const bidi = method.requestStream ? channel.makeBidiStreamRequest(path, raw, raw, metadata) : undefined;
    const stream = bidi ?? channel.makeServerStreamRequest(path, raw, raw, bytes, metadata);
    stream.on("data", () => {});
    stream.on("error", done);
    stream.on("end", () => done(null));
    bidi?.write(bytes);
    setTimeout(() => {
      done(null);
      stream.cancel();
    }, STREAM_MS);
  });
}

test.each(METHODS.map((method) => [method.path, method] as const))(
  "%s refuses what it cannot take, and stores nothing of it",
  async (path, method) => {
    const random = seeded(SEED * 1_000 + METHODS.indexOf(method));
    const isUnary = !method.requestStream && !method.responseStream;
    const wrong: string[] = [];
    let before = await storedRows(db);
    for (let i = 0; i < (isUnary ? CASES : Math.ceil(CASES / 5)); i++) {
      const bytes = hostileMessage(method, requests[path], random);
      const { code, details } = await send(method, bytes);
      const describe = `message ${i} (${bytes.length} bytes, ${bytes.subarray(0, 60).toString("latin1")}): `;
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

test("and after all that it works, keeps its promises and has not grown", async () => {
  expect(await trigger(server.client, "good")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await findViolations(db)).toEqual([]);
  expect(process.memoryUsage().heapUsed).toBeLessThan(MEMORY_BYTES);
});
