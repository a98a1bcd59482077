import { type AddressInfo, connect, createServer } from "node:net";
import { compressionAlgorithms, status } from "@grpc/grpc-js";
import { DispatcherService, RestoreEvictedTaskRequest, v1, WorkflowServiceService } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, type TestClient, testClient } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { putWorkflow } from "../testing/test-worker.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  await putWorkflow(server.client, "limits");
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

function triggerWith(client: TestClient, size: number, char = "x"): Promise<unknown> {
  const input = `{"s":"${char.repeat(size)}"}`;
  return call(
    client,
    WorkflowServiceService.triggerWorkflow,
    v1.TriggerWorkflowRequest.create({ name: "limits", input }),
  );
}

async function withClient<Result>(options: object, work: (client: TestClient) => Promise<Result>): Promise<Result> {
  const { grpcAddress } = server.running;
  const client = testClient({ grpcAddress, token: server.token }, undefined, options);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

test("answers with the version of the contract", async () => {
  await expect(call(server.client, DispatcherService.getVersion, {})).resolves.toEqual({ version: "v0.101.27" });
});

test("a call that is not served says which it is", async () => {
  const request = RestoreEvictedTaskRequest.create();

  await expect(call(server.client, DispatcherService.restoreEvictedTask, request)).rejects.toMatchObject({
    code: status.UNIMPLEMENTED,
    details: "This engine does not serve the call /Dispatcher/RestoreEvictedTask.",
  });
});

test.each([undefined, "no token", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"])(
  "lets nobody in with the token %j",
  async (token) => {
    const client = testClient({ grpcAddress: server.running.grpcAddress, token });
    try {
      await expect(call(client, DispatcherService.getVersion, {})).rejects.toMatchObject({
        code: status.UNAUTHENTICATED,
        details: "invalid auth token",
      });
    } finally {
      client.close();
    }
  },
);

test("understands compressed requests, large and small", async () => {
  await withClient({ "grpc.default_compression_algorithm": compressionAlgorithms.gzip }, async (client) => {
    await expect(call(client, DispatcherService.getVersion, {})).resolves.toBeDefined();
    await expect(triggerWith(client, 100)).resolves.toBeDefined();
    await expect(triggerWith(client, 3_500_000)).resolves.toBeDefined();
  });
});

test("a client that compresses leaves it off once it has been answered", async () => {
  const counted = await countingProxy(server.running.grpcAddress);
  const gzip = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
  const client = testClient({ grpcAddress: counted.address, token: server.token }, undefined, gzip);
  try {
    await triggerWith(client, 1_000_000);
    expect(counted.bytes()).toBeLessThan(100_000);
    await triggerWith(client, 1_000_000);
    expect(counted.bytes()).toBeGreaterThan(1_000_000);
  } finally {
    client.close();
    await counted.close();
  }
});

/** Passes connections on and counts what clients send. */
async function countingProxy(target: string) {
  const port = Number(target.slice(target.lastIndexOf(":") + 1));
  let bytes = 0;
  const proxy = createServer((socket) => {
    const onward = connect(port, "127.0.0.1");
    socket.on("data", (data) => {
      bytes += data.length;
    });
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address() as AddressInfo;
  return {
    address: `127.0.0.1:${address.port}`,
    bytes: () => bytes,
    close: () => new Promise((resolve) => proxy.close(resolve)),
  };
}

test.each([{}, { "grpc.default_compression_algorithm": compressionAlgorithms.gzip }])(
  "refuses a message over 4 MiB and keeps the connection (%j)",
  async (options) => {
    await withClient({ ...options, "grpc.max_send_message_length": -1 }, async (client) => {
      await expect(triggerWith(client, 4_300_000)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      await expect(triggerWith(client, 10)).resolves.toBeDefined();
      expect(client.dispatcher.getChannel().getConnectivityState(false)).toBe(READY);
    });
  },
);

const READY = 2;

test("takes spans, and drops them", async () => {
  const bytes = Buffer.from("spans");
  const method = {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestSerialize: () => bytes,
    responseDeserialize: (reply: Buffer) => reply.length,
  };

  await expect(call(server.client, method, undefined)).resolves.toBe(0);
});

test("names the fields of a workflow that are not served yet", async () => {
  const task = v1.CreateTaskOpts.create({ readableId: "a", action: "crons:a" });
  const request = v1.CreateWorkflowVersionRequest.create({ name: "crons", cronTriggers: ["* * * * *"], tasks: [task] });

  await expect(call(server.client, v1.AdminServiceService.putWorkflow, request)).rejects.toMatchObject({
    code: status.UNIMPLEMENTED,
    details: expect.stringContaining("cron_triggers"),
  });
});

test("an unknown workflow is named, and nothing is stored", async () => {
  const request = v1.TriggerWorkflowRequest.create({ name: "no-such" });

  await expect(call(server.client, WorkflowServiceService.triggerWorkflow, request)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "could not trigger workflow: workflow names not found: no-such",
  });
});
