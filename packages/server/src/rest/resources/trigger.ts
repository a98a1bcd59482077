import { checkJson, invalidArgument, jsonMembers, type RunId, refuseNul } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import { meta } from "../wire/common.ts";
import { describeRun, RunDetailsSchema } from "../wire/run-details.ts";
import { besides } from "./run.ts";

const NIL_ID = "00000000-0000-0000-0000-000000000000";

const TriggerBody = Type.Object({
  workflowName: Type.String({ minLength: 1 }),
  input: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])),
  additionalMetadata: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])),
  priority: Type.Optional(Type.Integer({ description: "1 (low) to 3 (high)" })),
  return_only_id: Type.Optional(Type.Boolean({ description: "answer with run.metadata alone filled" })),
});

/** Starts a run. It is stored before the answer, so the answer can show it. */
export function triggerRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "POST",
      url: "/api/v1/stable/tenants/:tenant/workflow-runs/trigger",
      id: "v1-workflow-run:create",
      summary: "Start a run",
      tag: "Runs",
      access: access.tenant,
      body: TriggerBody,
      answer: RunDetailsSchema,
    },
    async ({ tenantId, body, request }) => {
      const { workflowName: workflow, priority, return_only_id: returnsOnlyId } = body;
      if (priority !== undefined && !(priority >= 1 && priority <= 3)) {
        throw invalidArgument(`priority must be between 1 and 3, got ${priority}`);
      }
      const input = memberText(request.bodyText, "input") ?? "{}";
      const metadata = memberText(request.bodyText, "additionalMetadata") ?? "";
      refuseNul(workflow, "workflowName");
      checkJson(input, "input");
      checkJson(metadata, "additionalMetadata");
      const [id] = (await engine.triggerRuns(tenantId, [{ workflow, input, metadata, priority }])) as [RunId];
      if (returnsOnlyId) return onlyId(id);
      const records = await reading.getRun(tenantId, id);
      const { events, version } = await besides(reading, records);
      return describeRun(records, events, version);
    },
  );
}

/** The text of a member as it was sent, so that no digit of it changes; undefined for null and for none. */
function memberText(object: string, key: string): string | undefined {
  const text = jsonMembers(object).findLast((member) => member.key === key)?.rawValue;
  return text === "null" ? undefined : text;
}

/** The details with the values that such an answer has always had beside the id. */
function onlyId(id: RunId): object {
  return {
    run: {
      metadata: meta(id, new Date()),
      status: "",
      displayName: "",
      tenantId: NIL_ID,
      workflowId: NIL_ID,
      input: {},
      output: {},
    },
    shape: null,
    tasks: null,
    taskEvents: null,
  };
}
