import { once } from "node:events";
import { type ClientDuplexStream, type ClientReadableStream, type ServiceError, status } from "@grpc/grpc-js";
import { helve } from "@helve/contracts";
import { openDatabase, revokeApiToken } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestClient, testClient } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { startWorker } from "../testing/test-worker.ts";
import { ownTokens } from "../testing/tokens-of-all-kinds.ts";

const REFUSED = { code: status.UNAUTHENTICATED, details: "invalid auth token" };

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: ReturnType<typeof openDatabase>;
let replicas: TestServer[];
const clients: TestClient[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "revocation" });
  replicas = [await startTestServer(database.url), await startTestServer(database.url)];
});
afterAll(async () => {
  for (const client of clients) client.close();
  for (const replica of replicas ?? []) await replica.stop();
  await db?.close();
  await database?.drop();
});

type Stream = ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>;

/** Streams of every kind with one token, on both replicas. */
async function openStreams(token: string): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (const { running } of replicas) {
    const client = testClient({ grpcAddress: running.grpcAddress, token });
    clients.push(client);
    const listen = (await startWorker(client, "revoked:only")).stream;
    const session = client.sessions.worker(client.metadata);
    const register = helve.Register.create({ protocol: 1, name: "native", slots: { default: 1 } });
    session.write(helve.WorkerFrame.create({ number: 1, register }));
    await once(session, "data");
    const results = client.dispatcher.subscribeToWorkflowRuns(client.metadata);
    streams.push(listen, session, results, client.sessions.client(client.metadata));
  }
  for (const stream of streams) stream.on("data", () => {});
  return streams;
}

async function errorOf(stream: Stream): Promise<Pick<ServiceError, "code" | "details">> {
  const [{ code, details }] = (await once(stream, "error")) as [ServiceError];
  return { code, details };
}

test("streams that a revoked token has opened are closed within seconds, on every replica, and no others", async () => {
  const tenantId = (replicas[0] as TestServer).running.tenantId;
  const tokens = await ownTokens(db);
  const revoked = await tokens.mint({ tenantId, name: "revoked" });
  const kept = await tokens.mint({ tenantId, name: "kept" });
  const [closing, staying] = [await openStreams(revoked.token), await openStreams(kept.token)];
  let ended = 0;
  for (const stream of staying) stream.on("error", () => ended++).on("end", () => ended++);

  await revokeApiToken(db, revoked.id, tenantId);
  const revokedAt = performance.now();

  expect(await Promise.all(closing.map(errorOf))).toEqual(closing.map(() => REFUSED));
  expect(performance.now() - revokedAt).toBeLessThan(10_000);
  expect(ended).toBe(0);
  for (const stream of staying) stream.cancel();
}, 30_000);

test("a stream ends with its token, without a look into the database", async () => {
  const tenantId = (replicas[0] as TestServer).running.tenantId;
  const { token } = await (await ownTokens(db)).mint({ tenantId, name: "short", expiresInMs: 3_000 });

  const streams = await openStreams(token);

  expect(await Promise.all(streams.map(errorOf))).toEqual(streams.map(() => REFUSED));
}, 30_000);
