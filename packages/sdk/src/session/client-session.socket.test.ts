import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fixture } from "../loopback-engine/fixture.ts";
import type { TaskWorkflowDeclaration } from "../workflow/task-declaration.ts";

let fixture: Fixture;
let task: TaskWorkflowDeclaration<{ n: number }, { n: number }>;

beforeEach(async () => {
  fixture = await Fixture.start();
  task = fixture.client.task({ name: "t", fn: async (input: { n: number }) => ({ n: input.n }) });
});
afterEach(() => fixture.end());

describe("a client's stream", () => {
  test("carries together what is asked for in one turn", async () => {
    await fixture.worker({ workflows: [task] });
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => task.run({ n })));
    expect(results).toHaveLength(200);
    expect(fixture.engine.clientControls).toMatchObject({ triggers: 200, triggerFrames: 1 });
  });

  test("is opened again when it breaks, and results that are waited for still come", async () => {
    const ref = await fixture
      .worker({ workflows: [task] })
      .then((worker) => worker.stop())
      .then(() => task.runNoWait({ n: 1 }));
    const output = ref.output;
    await expect.poll(() => fixture.engine.clientControls.triggerFrames).toBe(2);
    fixture.engine.breakClientStreams();
    await fixture.worker({ workflows: [task] });
    expect(await output).toEqual({ n: 1 });
    expect(fixture.logLines.join("\n")).toContain("broken by a test; trying again");
  });

  test("sends a trigger again whose answer did not come, and says so", async () => {
    await fixture.worker({ workflows: [task] });
    fixture.engine.clientControls.swallowsTriggers = true;
    const result = task.run({ n: 5 });
    const { clientControls } = fixture.engine;
    await expect.poll(() => clientControls.triggers).toBe(1);
    const first = clientControls.lastTrigger;
    clientControls.swallowsTriggers = false;
    fixture.engine.breakClientStreams();
    expect(await result).toEqual({ n: 5 });
    expect(clientControls.triggers).toBe(2);
    expect(first).toMatchObject({ again: false, runs: [{ runId: expect.stringMatching(/0000$/) }] });
    expect(clientControls.lastTrigger, "for the engine to know it").toEqual({ ...first, again: true });
  });

  test("survives an engine that is gone for a while", async () => {
    await fixture.worker({ workflows: [task] });
    await task.run({ n: 0 });
    fixture.engine.crash();
    const result = task.run({ n: 6 });
    await expect.poll(() => fixture.logLines.join("\n")).toContain("cannot be reached (connect ECONNREFUSED");
    await fixture.engine.listen();
    expect(await result).toEqual({ n: 6 });
  });

  test("asks again when the engine cannot do it just now", async () => {
    await fixture.worker({ workflows: [task] });
    const refusal = { code: "unavailable", message: "the database is restarting" };
    fixture.engine.clientControls.refusals.push(refusal, refusal);
    expect(await task.run({ n: 7 })).toEqual({ n: 7 });
    expect(fixture.engine.clientControls.triggers).toBe(3);
  });

  test("gives a trigger up when no engine was reached for the time of a request", async () => {
    const client = fixture.newClient({ host_port: "127.0.0.1:1", request_timeout: 200 });
    const startedAt = performance.now();
    await expect(client.run("t", {})).rejects.toMatchObject({ code: "unavailable" });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
  });

  test.each([
    [status.UNAUTHENTICATED, "unauthenticated", "invalid auth token"],
    [status.UNIMPLEMENTED, "unimplemented", "does not speak helve.v1"],
  ])("fails at once with an engine that answers %s", async (code, name, text) => {
    fixture.engine.clientRefusals.push({ code, details: "invalid auth token" });
    await expect(task.run({ n: 1 })).rejects.toMatchObject({ code: name, message: expect.stringContaining(text) });
  });

  test("fails what is waited for when the client is closed", async () => {
    const client = fixture.newClient();
    fixture.engine.clientControls.swallowsTriggers = true;
    const result = client.run("t", {});
    await expect.poll(() => fixture.engine.clientControls.triggers).toBe(1);
    client.close();
    await expect(result).rejects.toMatchObject({ code: "unavailable", message: "this client was closed" });
    await expect(client.run("t", {})).rejects.toMatchObject({ message: "this client was closed" });
    client.close();
  });

  test("several may wait for one run", async () => {
    await fixture.worker({ workflows: [task] });
    const { workflowRunId } = await task.runNoWait({ n: 8 });
    const outputs = [1, 2].map(() => fixture.client.runRef(workflowRunId).output);
    expect(await Promise.all(outputs)).toEqual([{ t: { n: 8 } }, { t: { n: 8 } }]);
  });

  test("does not keep a program from ending that has nothing more to wait for", async () => {
    await fixture.worker({ workflows: [task] });
    const program = fileURLToPath(new URL("../loopback-engine/caller-program.ts", import.meta.url));
    const env = { ...process.env, HATCHET_CLIENT_TOKEN: fixture.engine.token, HATCHET_CLIENT_TLS_STRATEGY: "none" };
    const args = ["--conditions=source", "--import", "tsx", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual({ t: { n: 3 } });
  }, 30_000);
});
