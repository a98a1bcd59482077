import { status } from "@grpc/grpc-js";
import { DispatcherService, RuntimeInfo, SDKS, WorkerRegisterRequest } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorker } from "../../testing/far-end.ts";
import { call } from "../../testing/test-client.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url, { requiresSupportedSdks: true });
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

function register(language: SDKS, sdkVersion: string): Promise<unknown> {
  const runtimeInfo = RuntimeInfo.create({ language, sdkVersion });
  return call(
    server.client,
    DispatcherService.register,
    WorkerRegisterRequest.create({ workerName: "billing", runtimeInfo }),
  );
}

test.each([
  [SDKS.TYPESCRIPT, "1.15.1", "the TypeScript SDK 1.15.1 is too old: this engine is made for 1.18.0 up to 2.0.0"],
  [SDKS.PYTHON, "2.0.0", "the Python SDK 2.0.0 is too new: this engine is made for 1.29.0 up to 2.0.0"],
])("tells a worker out of range why it is refused (%s %s)", async (language, version, reason) => {
  await expect(register(language, version)).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: expect.stringContaining(`the worker 'billing' is refused: ${reason}`),
  });
});

test("takes a worker in range, and one that speaks the native protocol", async () => {
  await expect(register(SDKS.PYTHON, "1.29.0")).resolves.toMatchObject({ workerName: "billing" });
  const worker = openWorker(server.client, { runtime: { sdkVersion: "0.1.0", language: "TYPESCRIPT" } as never });
  await worker.first((frame) => frame.registered);
  worker.stream.end();
});
