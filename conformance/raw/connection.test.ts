import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call, openGrpc } from "../support/grpc.ts";
import { RawStage } from "../support/raw-stage.ts";
import { RawWorker } from "../support/raw-worker.ts";
import { expectRefusal } from "../support/refusal.ts";
import { Rest } from "../support/rest.ts";
import { RunResults } from "../support/run-results.ts";

const engine = inject("engine");
const [head, claims, signature] = engine.token.split(".") as [string, string, string];

describe.concurrent("token", () => {
  test("carries the tenant and both addresses for clients to read", () => {
    expect(engine.token).toMatch(/^ey/);
    const read = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
    expect(read).toMatchObject({
      sub: engine.tenantId,
      aud: expect.any(String),
      iss: expect.any(String),
      server_url: engine.httpUrl,
      grpc_broadcast_address: engine.grpcAddress,
      token_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
  });

  const signedByAnother = `${head}.${claims}.${[...signature].reverse().join("")}`;
  const otherTenant = Buffer.from(JSON.stringify({ sub: "00000000-0000-4000-8000-0000000000aa" })).toString(
    "base64url",
  );
  test.each([
    ["no token", undefined],
    ["a garbled one", "bearer garbled"],
    ["one whose signature is wrong", `bearer ${signedByAnother}`],
    ["one whose claims were changed", `bearer ${head}.${otherTenant}.${signature}`],
    ["another scheme", `basic ${engine.token}`],
  ])("%s is refused as unauthenticated", async (_, authorization) => {
    const grpc = openGrpc(engine, { authorization });
    await expectRefusal(call(grpc, "dispatcher", "getVersion", {}), "UNAUTHENTICATED", "invalid auth token");
    grpc.close();
  });

  test.each(["bearer", "Bearer", "BEARER"])("the scheme may be spelled %s", async (scheme) => {
    const grpc = openGrpc(engine, { authorization: `${scheme} ${engine.token}` });
    const { version } = await call(grpc, "dispatcher", "getVersion", {});
    const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
    expect((major ?? 0) * 1_000 + (minor ?? 0)).toBeGreaterThanOrEqual(82);
    grpc.close();
  });

  test("REST refuses a bad token, and knows no tenant but the token's", async () => {
    const rest = new Rest(engine);
    const path = `/api/v1/tenants/${engine.tenantId}`;
    expect((await rest.fetch("GET", path)).status).toBe(200);
    expect((await rest.fetch("GET", path, undefined, signedByAnother)).status).toBe(403);
    expect((await rest.fetch("GET", "/api/v1/tenants/00000000-0000-4000-8000-0000000000aa")).status).toBe(404);
    expect(await rest.get(path)).toMatchObject({ version: "V1" });
  });
});

describe.concurrent("connection", () => {
  let stage: RawStage;
  beforeAll(async () => {
    stage = await RawStage.open(engine);
  });
  afterAll(() => stage.close());

  test("refuses a message above 4 MiB and survives it", async () => {
    const tooLarge = { text: "y".repeat(4_300_000) };
    await expectRefusal(stage.trigger(tooLarge), "RESOURCE_EXHAUSTED");
    expect(await stage.trigger()).toMatch(/-/);
  });

  test("carries 3.5 MiB in both directions", async () => {
    const worker = await stage.worker();
    const text = "y".repeat(3_500_000);
    const action = await stage.start(worker, { text });
    expect((JSON.parse(action.actionPayload) as { input: { text: string } }).input.text).toBe(text);
    await worker.complete(action, { text });
    const results = new RunResults(stage.grpc);
    expect((await results.of(action.workflowRunId)).results[0]?.output).toBe(JSON.stringify({ text }));
    results.cancel();
  });

  test("understands compressed requests", async () => {
    const grpc = openGrpc(engine, { gzip: true });
    const definition = stage.definition([{}], { description: "compressible ".repeat(500) });
    const put = await call(grpc, "admin", "putWorkflow", { ...definition, name: `${stage.name}-gzip` });
    expect(put.workflowId).toMatch(/^[0-9a-f-]{36}$/);
    grpc.close();
  });

  test("keeps a quiet connection whose client pings every 5 s", async () => {
    const registered = await stage.registeredWorker(1, []);
    const channel = {
      "grpc.keepalive_time_ms": 5_000,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.http2.max_pings_without_data": 0,
    };
    const quiet = stage.keep(RawWorker.again(engine, registered.id, channel));
    await quiet.listen({ old: true });
    await expect(quiet.streamEnds(22_000)).rejects.toThrow(/no end of stream/);
  });
});
