import { Ajv, type ValidateFunction } from "ajv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestFixture, restFixture } from "./testing/rest-fixture.ts";

interface Document {
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, Described>; security?: [] }>>;
}
interface Described {
  content?: Record<string, { schema: object }>;
}

let rest: RestFixture;
let document: Document;

beforeAll(async () => {
  rest = await restFixture();
  document = (await rest.get("/api/v1/openapi.json", { token: null })).body;
});
afterAll(() => rest.close());

const ajv = new Ajv({
  strict: false,
  formats: { uuid: /^[0-9a-f-]{36}$/, "date-time": (text: string) => /^\d{4}-.*Z$/.test(text) },
});

/** Checks answers of an operation by what the document says of them. */
function answersOf(path: string, method = "get"): ValidateFunction {
  const described = document.paths[path]?.[method]?.responses["200"];
  return ajv.compile(described?.content?.["application/json"]?.schema as object);
}

test("names operations as clients are generated from them, each once", () => {
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of [
    "v1-workflow-run:list",
    "v1-workflow-run:create",
    "v1-task:cancel",
    "worker:update",
    "tenant:get",
  ]) {
    expect(ids).toContain(id);
  }
});

test("says which operations anybody may call", () => {
  expect(document.paths["/api/v1/meta"]?.get?.security).toEqual([]);
  expect(document.paths["/api/v1/tenants/{tenant}"]?.get).not.toHaveProperty("security");
});

test("answers are what the document promises, of queued, running and ended runs and of workers", async () => {
  const step = (readableId: string, parents: string[] = []) => ({ readableId, action: `doc:${readableId}`, parents });
  const onFailureTask = { readableId: "hook", action: "doc:hook" };
  const { workflowId } = await rest.put({ name: "doc", tasks: [step("a"), step("b", ["a"])], onFailureTask });
  await rest.put({ name: "plain", tasks: [{ readableId: "plain", action: "plain:run", retries: 1 }] });
  const worker = await rest.worker(["doc:a", "doc:b", "plain:run"]);
  const dag = await rest.run("doc");
  await worker.succeed(await worker.next());
  const failed = await rest.run("plain");
  const b = await worker.next();
  const tasks = b.id === failed ? [await worker.next(), b] : [b, await worker.next()];
  await worker.fail(tasks[1] as never);
  await worker.fail(await worker.next());
  await rest.ended(failed);
  await rest.engine.putLogs(rest.tenantId, [
    { taskId: failed, attempt: 1, level: "info", message: "m", metadata: "{}" },
  ]);

  const tenant = rest.tenantId;
  const since = "since=2020-01-01";
  const checks: [path: string, url: string][] = [
    ["/api/v1/meta", "/api/v1/meta"],
    ["/api/v1/version", "/api/v1/version"],
    ["/api/v1/tenants/{tenant}", `/api/v1/tenants/${tenant}`],
    [
      "/api/v1/stable/tenants/{tenant}/workflow-runs",
      `/api/v1/stable/tenants/${tenant}/workflow-runs?${since}&only_tasks=false&include_payloads=true`,
    ],
    [
      "/api/v1/stable/tenants/{tenant}/workflow-runs",
      `/api/v1/stable/tenants/${tenant}/workflow-runs?${since}&only_tasks=true`,
    ],
    [
      "/api/v1/stable/tenants/{tenant}/workflow-runs/external-ids",
      `/api/v1/stable/tenants/${tenant}/workflow-runs/external-ids?${since}`,
    ],
    [
      "/api/v1/stable/tenants/{tenant}/workflow-runs/display-names",
      `/api/v1/stable/tenants/${tenant}/workflow-runs/display-names?external_ids=${dag}`,
    ],
    ["/api/v1/stable/workflow-runs/{run}", `/api/v1/stable/workflow-runs/${dag}`],
    ["/api/v1/stable/workflow-runs/{run}", `/api/v1/stable/workflow-runs/${failed}`],
    ["/api/v1/stable/workflow-runs/{run}/status", `/api/v1/stable/workflow-runs/${dag}/status`],
    ["/api/v1/stable/workflow-runs/{run}/task-events", `/api/v1/stable/workflow-runs/${dag}/task-events`],
    ["/api/v1/stable/workflow-runs/{run}/waits", `/api/v1/stable/workflow-runs/${dag}/waits`],
    ["/api/v1/stable/tasks/{task}", `/api/v1/stable/tasks/${failed}`],
    ["/api/v1/stable/tasks/{task}", `/api/v1/stable/tasks/${failed}?attempt=1`],
    ["/api/v1/stable/tasks/{task}/task-events", `/api/v1/stable/tasks/${failed}/task-events`],
    ["/api/v1/stable/tasks/{task}/logs", `/api/v1/stable/tasks/${failed}/logs`],
    ["/api/v1/stable/tenants/{tenant}/task-metrics", `/api/v1/stable/tenants/${tenant}/task-metrics?${since}`],
    ["/api/v1/tenants/{tenant}/step-run-queue-metrics", `/api/v1/tenants/${tenant}/step-run-queue-metrics`],
    ["/api/v1/tenants/{tenant}/task-stats", `/api/v1/tenants/${tenant}/task-stats?taskNames=x`],
    ["/api/v1/tenants/{tenant}/worker", `/api/v1/tenants/${tenant}/worker`],
    ["/api/v1/workers/{worker}", `/api/v1/workers/${worker.id}`],
    ["/api/v1/tenants/{tenant}/workflows", `/api/v1/tenants/${tenant}/workflows`],
    ["/api/v1/workflows/{workflow}", `/api/v1/workflows/${workflowId}`],
    ["/api/v1/workflows/{workflow}/versions", `/api/v1/workflows/${workflowId}/versions`],
  ];
  for (const [path, url] of checks) {
    const answer = await rest.get(url);
    expect(answer.status, url).toBe(200);
    const check = answersOf(path);
    expect(check(answer.body), `${url}: ${JSON.stringify(check.errors)} in ${answer.text}`).toBe(true);
  }
  worker.leave();
});
