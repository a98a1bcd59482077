import { openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FORBIDDEN_TEXT } from "../rest/errors.ts";
import { runningTask } from "../testing/running-task.ts";
import { tenantContent } from "../testing/tenant-content.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { ownTokens, type TokensOfAllKinds, tokensOfAllKinds } from "../testing/tokens-of-all-kinds.ts";
import { OPERATIONS, scopeProblem } from "./permissions.ts";

interface Described {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: object;
}
interface Operation extends Described {
  method: string;
  path: string;
}

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let db: ReturnType<typeof openDatabase>;
let tokens: TokensOfAllKinds;
let operations: Operation[];
let ids: Record<string, string>;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "permissions" });
  tokens = await tokensOfAllKinds(db, server.running.tenantId);
  const { taskId, workerId } = await runningTask(server, db, "guarded");
  const tenant = server.running.tenantId;
  const { body } = await request({ method: "get", path: `/api/v1/tenants/${tenant}/workflows` }, server.token);
  const workflow = (JSON.parse(body) as { rows: { metadata: { id: string } }[] }).rows[0]?.metadata.id as string;
  const apiToken = (await ownTokens(db).then((own) => own.mint({ tenantId: tenant, name: "guarded" }))).id;
  ids = { tenant, task: taskId, run: taskId, worker: workerId, workflow, apiToken };
  const document = JSON.parse((await request({ method: "get", path: "/api/v1/openapi.json" }, undefined)).body);
  operations = Object.entries(document.paths as Record<string, Record<string, Described>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, method, path })),
  );
});
afterAll(async () => {
  await db?.close();
  await server?.stop();
  await database?.drop();
});

async function request({ method, path }: { method: string; path: string }, token: string | undefined, body?: object) {
  const answer = await fetch(server.running.httpUrl + path, {
    method: method.toUpperCase(),
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.text() };
}

const PARAMETERS: Readonly<Record<string, string>> = { since: "2020-01-01T00:00:00Z", only_tasks: "false" };

/** An operation's address, on things that exist, with the parameters that it must have. */
function addressOf({ path, parameters = [] }: Operation): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] as string);
  const query = parameters.flatMap(({ name, required, in: place }) =>
    place === "query" && required ? [`${name}=${PARAMETERS[name] ?? ids.run}`] : [],
  );
  return `${filled}?${query.join("&")}`;
}

/** A body that would do something. */
const BODY = { workflowName: "guarded", externalIds: [] as string[], isPaused: true };

async function attempt(operation: Operation, token: string | undefined, body: object = BODY) {
  const before = await tenantContent(db, server.running.tenantId);
  const path = addressOf(operation);
  const answer = await request({ ...operation, path }, token, operation.requestBody ? body : undefined);
  const isChanged = (await tenantContent(db, server.running.tenantId)) !== before;
  return { ...answer, isChanged };
}

test("the table has every operation of the document, and /metrics, and no other", () => {
  expect(Object.keys(OPERATIONS).sort()).toEqual([...operations.map((one) => one.operationId), "metrics"].sort());
});

test("no operation but the open ones answers anybody without a good token of its tenant, or does anything", async () => {
  BODY.externalIds = [ids.run as string];
  for (const operation of operations) {
    const isOpen = OPERATIONS[operation.operationId] === "anybody";
    for (const [kind, token] of Object.entries({ ...tokens.bad, otherTenant: tokens.otherTenant })) {
      const { status, body, isChanged } = await attempt(operation, token);
      const what = `${operation.operationId} with a token: ${kind}`;
      if (isOpen) expect(status, what).toBe(200);
      else expect([status, JSON.parse(body)], what).toEqual([403, { message: FORBIDDEN_TEXT }]);
      expect(isChanged, what).toBe(false);
    }
  }
});

test.each(["worker", "trigger", "read"] as const)("holds to the table for the scope %s", async (scope) => {
  for (const operation of operations) {
    const { operationId } = operation;
    const problem = scopeProblem(scope, OPERATIONS[operationId], operationId);
    // What is allowed is not to be done.
    const { status, body, isChanged } = await attempt(operation, tokens[scope], problem === undefined ? {} : BODY);
    if (problem === undefined) expect(status, operationId).not.toBe(403);
    else expect([status, JSON.parse(body)], operationId).toEqual([403, { message: problem }]);
    expect(isChanged, operationId).toBe(false);
  }
});

test("a filter may mean what others have started, so it takes the scope admin", async () => {
  const filter = { since: "2020-01-01T00:00:00Z" };
  for (const word of ["cancel", "replay"]) {
    const path = `/api/v1/stable/tenants/${ids.tenant}/tasks/${word}`;
    const { status, body } = await request({ method: "post", path }, tokens.trigger, { filter });
    expect([status, body]).toEqual([403, expect.stringContaining("by a filter it takes the scope admin")]);
  }
});

test("figures for Prometheus are for the scopes that may see lists, from elsewhere", async () => {
  const through = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, "x-forwarded-for": "192.0.2.1" };
    return (await fetch(`${server.running.httpUrl}/metrics`, { headers })).status;
  };
  expect(await through(tokens.read)).toBe(200);
  expect(await through(tokens.trigger)).toBe(403);
  expect(await through(tokens.bad.revoked as string)).toBe(403);
});
