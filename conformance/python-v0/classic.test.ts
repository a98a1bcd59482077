import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { Caller, clientEnvironment } from "../support/caller.ts";
import { PYTHON_V0 } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Loose } from "../support/loose.ts";
import { Program } from "../support/program.ts";
import { pythonOf } from "../support/python.ts";
import { Rest } from "../support/rest.ts";

test("the classic program of the Python 0.x client runs its workflow, and leaves when told to", async () => {
  const engine = inject("engine");
  const program = Program.start({
    title: "classic program",
    command: pythonOf("v0"),
    args: [fileURLToPath(new URL("../clients/python-v0/classic.py", import.meta.url))],
    env: clientEnvironment(engine),
  });
  const rest = new Rest(engine);
  await eventually("the worker test-worker", 30_000, async () => {
    program.assertAlive();
    const { rows } = await rest.get<Loose>(`/api/v1/tenants/${engine.tenantId}/worker`);
    return rows.some((row: Loose) => row.name === "test-worker" && row.status === "ACTIVE") || undefined;
  });
  const caller = await Caller.start(PYTHON_V0, engine);
  expect(await caller.run("ClassicWorkflow", { test: "test", n: 1 })).toEqual({
    step1: { step1: "one", input: { test: "test", n: 1 } },
    step2: { got: "one" },
    step3: { one: "one", two: "one" },
  });
  program.signal("SIGTERM");
  expect(await program.endedWithin(20_000)).toBe(true);
  expect((await program.exited).code).toBe(0);
});
