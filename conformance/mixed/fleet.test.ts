import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { v1 } from "@helve/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Client, OURS, PYTHON_V0, PYTHON_V1, TYPESCRIPT } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type Grpc, openGrpc } from "../support/grpc.ts";
import { Program } from "../support/program.ts";
import { pythonOf } from "../support/python.ts";
import { Rest } from "../support/rest.ts";
import { Stage } from "../support/stage.ts";

const CLIENTS = [TYPESCRIPT, OURS, PYTHON_V1, PYTHON_V0];
const EXAMPLES = fileURLToPath(new URL("../../examples/bring-your-own-language/", import.meta.url));
const isGoThere = spawnSync("go", ["version"]).status === 0;
const run = promisify(execFile);

const engine = inject("engine");
const rest = new Rest(engine);
let grpc: Grpc;
let place: string;
/** The engine's name of a task of the diamond that each client's worker can do. */
const actions = new Map<Client, (task: string) => string>();

beforeAll(async () => {
  grpc = openGrpc(engine);
  place = await mkdtemp(join(tmpdir(), "helve-mixed-"));
  const stages = await Promise.all(CLIENTS.map((client) => Stage.open(client, engine)));
  await Promise.all(stages.map((stage) => stage.worker("mixed")));
  for (const stage of stages) {
    actions.set(stage.client, (task) => `${stage.workflow("diamond")}:${task}`.toLowerCase());
  }
  const stubs = join(place, "stubs");
  await run(join(EXAMPLES, "python/generate.sh"), [stubs], { env: { ...process.env, PYTHON: pythonOf("v1") } });
  await startPlain("shout-python", pythonOf("v1"), [join(EXAMPLES, "python/worker.py")], { STUBS: stubs });
}, 180_000);
afterAll(async () => {
  grpc?.close();
  await rm(place, { recursive: true, force: true });
});

/** A worker without an SDK, once it is connected; its only action is `<name>:shout`. */
async function startPlain(name: string, command: string, args: string[], env: Record<string, string>): Promise<void> {
  const program = Program.start({
    title: name,
    command,
    args,
    env: { ...env, HELVE_CLIENT_TOKEN: engine.token, HELVE_CLIENT_TLS_STRATEGY: "none" },
  });
  await eventually(`the worker ${name}`, 30_000, async () => {
    program.assertAlive();
    const { rows } = await rest.get<{ rows: { name: string; status: string }[] }>(
      `/api/v1/tenants/${engine.tenantId}/worker`,
    );
    return rows.some((row) => row.name === name && row.status === "ACTIVE") || undefined;
  });
}

/**
 * Runs a graph of which every task belongs to another worker.
 *
 *   a ──► b ──► d ──► shouts
 *    └──► c ──┘
 *
 * @param cast who does a, b, c and d
 * @param shouts plain workers that do a task each when the others are done
 * @returns the outputs by task
 */
async function runGraph(cast: readonly Client[], shouts: readonly string[]): Promise<Record<string, unknown>> {
  const parents: Record<string, string[]> = { a: [], b: ["a"], c: ["a"], d: ["b", "c"] };
  const tasks = ["a", "b", "c", "d"].map((readableId, index) => {
    const action = actions.get(cast[index] as Client)?.(readableId) as string;
    return v1.CreateTaskOpts.create({ readableId, action, parents: parents[readableId] as string[], timeout: "60s" });
  });
  for (const name of shouts) {
    tasks.push(v1.CreateTaskOpts.create({ readableId: name, action: `${name}:shout`, parents: ["d"], timeout: "60s" }));
  }
  const name = `mixed-${randomBytes(4).toString("hex")}`;
  await call(grpc, "admin", "putWorkflow", v1.CreateWorkflowVersionRequest.create({ name, tasks }));
  const request = v1.TriggerWorkflowRequest.create({ name, input: '{"n":1,"text":"hello"}' });
  const { workflowRunId } = await call(grpc, "workflows", "triggerWorkflow", request);
  await rest.statusBecomes(workflowRunId, "COMPLETED", 30_000);
  const { taskRuns } = await call(grpc, "admin", "getRunDetails", { externalId: workflowRunId });
  return Object.fromEntries(
    Object.entries(taskRuns).map(([task, { output }]) => [task, JSON.parse(output?.toString() || "null")]),
  );
}

const ENDS = { a: { va: 2 }, b: { vb: 20 }, c: { vc: 200 }, d: { sum: 220, grandparent: 2 } };

/** Each client once in each place. */
const CASTS = CLIENTS.map((_, turn) => CLIENTS.map((_, index) => CLIENTS[(index + turn) % CLIENTS.length] as Client));

test.each(CASTS.map((cast) => [cast.map(({ title }) => title).join(", "), cast] as const))(
  "the tasks of one graph are done by %s, and a worker in plain Python",
  async (_, cast) => {
    expect(await runGraph(cast, ["shout-python"])).toMatchObject({ ...ENDS, "shout-python": { text: "HELLO" } });
  },
);

test.skipIf(!isGoThere)("and by a worker in plain Go (needs Go)", { timeout: 300_000 }, async () => {
  await run(join(EXAMPLES, "go/generate.sh"));
  const program = join(place, "shout");
  await run("go", ["build", "-o", program, "."], { cwd: join(EXAMPLES, "go") });
  await startPlain("shout-go", program, [], {});
  expect(await runGraph(CLIENTS, ["shout-python", "shout-go"])).toMatchObject({
    ...ENDS,
    "shout-python": { text: "HELLO" },
    "shout-go": { text: "HELLO" },
  });
});
