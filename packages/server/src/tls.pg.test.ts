import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { credentials, status } from "@grpc/grpc-js";
import {
  BatchActionEvent,
  BatchActionEventItem,
  DispatcherService,
  EventsServiceService,
  HeartbeatRequest,
  helve,
  PutLogRequest,
  PutStreamEventRequest,
  RefreshTimeoutRequest,
  ReleaseSlotRequest,
  StepActionEvent,
  StepActionEventType,
  UpsertWorkerLabelsRequest,
  WorkerLabels,
  WorkerRegisterRequest,
  WorkerUnsubscribeRequest,
} from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFolder, openCertificateFolder, type PairFiles } from "./certificates/certificate-folder.ts";
import { durable, openWorker } from "./testing/far-end.ts";
import { call, type TestClient, testClient } from "./testing/test-client.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "./testing/test-worker.ts";

let folder: string;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let certificates: CertificateFolder;
let ca: string;
let server: PairFiles;
const lines: string[] = [];
const clients: TestClient[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), "helve-tls-"));
  certificates = openCertificateFolder(folder);
  ca = (await certificates.makeAuthority(30)).cert;
  server = await makeServer("server");
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rm(folder, { recursive: true, force: true });
  await database?.drop();
});

const makeServer = (name: string, days = 30) =>
  certificates.make(name, { purpose: "server", name, hosts: ["localhost", "127.0.0.1"], days });
const makeClient = (name: string) => certificates.make(name, { purpose: "client", name, hosts: [name], days: 30 });

function serve(
  options: { clientCa?: string; bindsWorkerNames?: boolean; requiresHttpCertificates?: boolean } = {},
): Promise<TestServer> {
  const { clientCa, ...rest } = options;
  const log = pino({ level: "info", base: null }, { write: (line: string) => void lines.push(line) });
  return startTestServer(database.url, { tls: { ...server, clientCa }, log, ...rest });
}

/** A connection with the certificate of that name, trusting what the authority has signed. */
async function connect(engine: TestServer, pair?: PairFiles): Promise<TestClient> {
  const own = pair ? [await readFile(pair.key), await readFile(pair.cert)] : [];
  const client = testClient(
    { grpcAddress: engine.running.grpcAddress, token: engine.token },
    credentials.createSsl(await readFile(ca), ...own),
  );
  clients.push(client);
  return client;
}

/** The serial number of the certificate that HTTP shows on a new connection. */
async function serialOverHttp(engine: TestServer): Promise<string> {
  const asked = request(`${engine.running.httpUrl}/live`, {
    ca: await readFile(ca),
    servername: "localhost",
    agent: false,
  });
  asked.end();
  const [socket] = (await once(asked, "socket")) as [TLSSocket];
  const [answer] = await once(asked, "response");
  answer.resume();
  return socket.getPeerCertificate().serialNumber;
}

test("new files are used for new connections, and open streams live on", async () => {
  const engine = await serve();
  try {
    const before = await serialOverHttp(engine);
    const worker = await startWorker(await connect(engine), "tls:only");
    let hasEnded = false;
    worker.stream.on("close", () => {
      hasEnded = true;
    });

    expect(lines.join("")).not.toContain("less than 14 days more");
    server = await makeServer("server", 13);

    await expect.poll(() => serialOverHttp(engine), { timeout: 10_000 }).not.toBe(before);
    await expect(call(await connect(engine), DispatcherService.getVersion, {})).resolves.toBeDefined();
    expect(hasEnded).toBe(false);
    await expect(call(clients[0] as TestClient, DispatcherService.getVersion, {})).resolves.toBeDefined();
    expect(lines.join("")).toContain("TLS certificate replaced");
    expect(lines.join("")).toContain("less than 14 days more");
  } finally {
    await engine.stop();
  }
});

test("an authority that is replaced decides over new clients", async () => {
  const clientCa = join(folder, "clients.pem");
  await writeFile(clientCa, await readFile(ca));
  const engine = await serve({ clientCa });
  const known = await makeClient("known");
  try {
    await expect(call(await connect(engine, known), DispatcherService.getVersion, {})).resolves.toBeDefined();

    const other = await openCertificateFolder(join(folder, "other")).makeAuthority(30);
    await writeFile(clientCa, await readFile(other.cert));

    const tryAgain = async () =>
      call(await connect(engine, known), DispatcherService.getVersion, {}).then(
        () => "let in",
        ({ code }: { code: status }) => status[code],
      );
    await expect.poll(tryAgain, { timeout: 10_000 }).toBe("UNAVAILABLE");
  } finally {
    await engine.stop();
  }
});

test("REST asks for a certificate of its authority, but of probes, where that is wished", async () => {
  const clientCa = join(folder, "rest-clients.pem");
  await writeFile(clientCa, await readFile(ca));
  const engine = await serve({ clientCa, requiresHttpCertificates: true });
  const statusWith = async (path: string, pair?: PairFiles) => {
    const own = pair && { key: await readFile(pair.key), cert: await readFile(pair.cert) };
    const headers = { authorization: `Bearer ${engine.token}` };
    const options = { ca: await readFile(ca), servername: "localhost", agent: false, headers, ...own };
    const asked = request(`${engine.running.httpUrl}${path}`, options);
    asked.end();
    const [answer] = await once(asked, "response");
    answer.resume();
    return answer.statusCode as number;
  };
  try {
    const workers = `/api/v1/tenants/${engine.running.tenantId}/worker`;
    const known = await makeClient("dashboard");
    const foreign = openCertificateFolder(join(folder, "foreign"));
    await foreign.makeAuthority(30);
    const stranger = await foreign.make("dashboard", { purpose: "client", name: "dashboard", hosts: [], days: 30 });
    expect(await statusWith(workers, known)).toBe(200);
    expect(await statusWith(workers)).toBe(401);
    expect(await statusWith(workers, stranger)).toBe(401);
    expect(await statusWith("/metrics")).toBe(401);
    expect([await statusWith("/live"), await statusWith("/ready")]).toEqual([200, 200]);
    expect(await statusWith("/ready/../metrics")).toBe(401);

    await writeFile(clientCa, await readFile(join(folder, "foreign", "ca.pem")));
    await expect.poll(() => statusWith(workers, stranger), { timeout: 10_000 }).toBe(200);
    expect(await statusWith(workers, known)).toBe(401);
  } finally {
    await engine.stop();
  }
});

test("files that are of no use are passed over, and the log says so once", async () => {
  const engine = await serve();
  try {
    const before = await serialOverHttp(engine);
    const { key } = await makeServer("half");
    const whole = await readFile(server.key);
    await writeFile(server.key, await readFile(key));
    await expect.poll(() => lines.join(""), { timeout: 10_000 }).toContain("TLS certificate not replaced");
    expect(await serialOverHttp(engine)).toBe(before);
    await writeFile(server.key, whole);
    expect(lines.join("")).not.toContain("PRIVATE KEY");
  } finally {
    await engine.stop();
  }
});

describe("workers that are held to the names in their certificates", () => {
  let engine: TestServer;
  beforeAll(async () => {
    engine = await serve({ clientCa: ca, bindsWorkerNames: true });
  });
  afterAll(() => engine?.stop());

  const register = (client: TestClient, workerName: string) =>
    call(client, DispatcherService.register, WorkerRegisterRequest.create({ workerName, slotConfig: { default: 1 } }));
  const denied = (name: string) => ({
    code: status.PERMISSION_DENIED,
    details: `a worker '${name}' needs a certificate of that name; the one shown is for 'mail'`,
  });

  test("register under such a name only", async () => {
    const client = await connect(engine, await makeClient("mail"));
    await expect(register(client, "billing")).rejects.toMatchObject(denied("billing"));
    await expect(register(client, "mail")).resolves.toBeDefined();
  });

  test("take tasks under such a name only, whose id they may have got hold of", async () => {
    const { workerId } = await register(await connect(engine, await makeClient("billing")), "billing");
    const thief = await connect(engine, await makeClient("mail"));
    for (const stream of [
      thief.dispatcher.listen({ workerId }, thief.metadata),
      thief.dispatcher.listenV2({ workerId }, thief.metadata),
    ]) {
      const [{ code, details }] = await once(stream, "error");
      expect({ code, details }).toEqual(denied("billing"));
    }
  });

  test.each([{ name: "billing" }, { name: "mail", isReturning: true }])(
    "on the native stream too: %j",
    async (wish) => {
      const { workerId } = await register(await connect(engine, await makeClient("billing")), "billing");
      const thief = await connect(engine, await makeClient("mail"));
      const stream = thief.sessions.worker(thief.metadata);
      const parts = { protocol: 1, name: wish.name, ...("isReturning" in wish && { workerId }) };
      stream.write(helve.WorkerFrame.create({ number: 1, register: helve.Register.create(parts) }));
      const [{ code, details }] = await once(stream, "error");
      expect({ code, details }).toEqual(denied("billing"));
    },
  );

  test("speak for themselves only, whatever ids they have got hold of", async () => {
    const owner = await connect(engine, await makeClient("billing"));
    const thief = await connect(engine, await makeClient("mail"));
    await putWorkflow(owner, "bound");
    const { id: workerId, ...worker } = await startWorker(owner, "bound:only", 1, "billing");
    await trigger(owner, "bound");
    const action = await worker.next();
    const taskRunExternalId = action.taskRunExternalId;
    const label = { zone: WorkerLabels.create({ strValue: "a" }) };
    const event = {
      workerId,
      taskId: action.taskId,
      taskRunExternalId,
      actionId: action.actionId,
      eventTimestamp: new Date(),
      eventType: StepActionEventType.STEP_EVENT_TYPE_COMPLETED,
      eventPayload: "{}",
    };
    const calls: Record<string, (client: TestClient) => Promise<unknown>> = {
      heartbeat: (client) => call(client, DispatcherService.heartbeat, HeartbeatRequest.create({ workerId })),
      labels: (client) =>
        call(
          client,
          DispatcherService.upsertWorkerLabels,
          UpsertWorkerLabelsRequest.create({ workerId, labels: label }),
        ),
      log: (client) =>
        call(client, EventsServiceService.putLog, PutLogRequest.create({ taskRunExternalId, message: "m" })),
      chunk: (client) =>
        call(client, EventsServiceService.putStreamEvent, PutStreamEventRequest.create({ taskRunExternalId })),
      refresh: (client) =>
        call(
          client,
          DispatcherService.refreshTimeout,
          RefreshTimeoutRequest.create({ taskRunExternalId, incrementTimeoutBy: "1s" }),
        ),
      release: (client) =>
        call(client, DispatcherService.releaseSlot, ReleaseSlotRequest.create({ taskRunExternalId })),
      report: (client) => call(client, DispatcherService.sendStepActionEvent, StepActionEvent.create(event)),
      batch: (client) => {
        const { eventType, eventPayload } = event;
        const items = [BatchActionEventItem.create({ taskRunExternalId, eventPayload, retryCount: 0 })];
        return call(
          client,
          DispatcherService.sendBatchActionEvent,
          BatchActionEvent.create({ workerId, eventType, items }),
        );
      },
      goodbye: (client) => call(client, DispatcherService.unsubscribe, WorkerUnsubscribeRequest.create({ workerId })),
    };

    for (const [name, send] of Object.entries(calls)) {
      await expect(send(thief).then(() => `${name} let through`)).rejects.toMatchObject(denied("billing"));
    }
    const native = openWorker(thief, { name: "mail" });
    await native.first((frame) => frame.registered);
    native.send({ chunks: [helve.StreamChunk.create({ taskId: taskRunExternalId })] });
    await native.first(durable(2));
    native.send({
      reports: [helve.Report.create({ taskId: taskRunExternalId, attempt: 1, outcome: 1, payload: "{}" })],
    });
    const [{ code, details }] = await once(native.stream, "error");
    expect({ code, details }).toEqual(denied("billing"));

    // Nothing has happened to the task.
    for (const send of Object.values(calls)) await send(owner);
  });
});
