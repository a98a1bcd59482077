import { invalidArgument, runIdOf, type Uuid } from "@helve/core";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { type Static, type TSchema, Type } from "typebox";
import { requireMayFilter } from "../../auth/may-trigger.ts";
import { metadataKeys } from "../../log.ts";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import type { Reading, RunFilter } from "../reading.ts";
import { Id, StatusSchema, statusMeant, Time } from "../wire/common.ts";
import { lowerCase, timeMs } from "./queries.ts";

/** Most runs that one call with a filter means, the newest ones. */
const MAX_CANCELLED = 20_000;
const MAX_REPLAYED = 1_000;
/** How many are given to the engine at once. */
const IDS_AT_ONCE = 500;

/** A field that may be left out or null. */
const maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

const Selection = Type.Object({
  externalIds: maybe(Type.Array(Id)),
  filter: maybe(
    Type.Object({
      since: Time,
      until: maybe(Time),
      statuses: maybe(Type.Array(StatusSchema)),
      workflowIds: maybe(Type.Array(Id)),
      additionalMetadata: maybe(Type.Array(Type.String({ pattern: "^[^:]+:", description: "key:value" }))),
    }),
  ),
});

const Ids = Type.Object({ ids: Type.Array(Id) });
const TENANT_TASKS = "/api/v1/stable/tenants/:tenant/tasks";

/** Cancel and replay, of named runs and tasks or of all runs that a filter means. */
export function cancelReplayRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "POST",
      url: `${TENANT_TASKS}/cancel`,
      id: "v1-task:cancel",
      summary: "Cancel runs and tasks; the answer has those of which something was left to cancel",
      tag: "Tasks",
      access: access.tenant,
      body: Selection,
      answer: Ids,
    },
    async ({ tenantId, scope, body, request }) => {
      if (body.filter) requireMayFilter(scope);
      const asked = await meantBy(reading, tenantId, body, MAX_CANCELLED, request.log);
      const cancelled = await inParts(asked, (ids) => engine.cancel(tenantId, ids, "Cancelled over REST."));
      const touched = new Set(cancelled.flatMap((taskId) => [taskId, runIdOf(taskId)]));
      return { ids: asked.filter((id) => touched.has(id)) };
    },
  );

  operation(
    app,
    {
      method: "POST",
      url: `${TENANT_TASKS}/replay`,
      id: "v1-task:replay",
      summary: "Run finished runs and tasks again; the answer has the tasks that do",
      tag: "Tasks",
      access: access.tenant,
      body: Selection,
      answer: Ids,
    },
    async ({ tenantId, scope, body, request }) => {
      if (body.filter) requireMayFilter(scope);
      const asked = await meantBy(reading, tenantId, body, MAX_REPLAYED, request.log);
      return { ids: await inParts(asked, (ids) => engine.replay(tenantId, ids)) };
    },
  );
}

async function meantBy(
  reading: Reading,
  tenantId: Uuid,
  { externalIds, filter }: Static<typeof Selection>,
  limit: number,
  log: FastifyBaseLogger,
): Promise<Uuid[]> {
  if (externalIds && externalIds.length > 0) {
    if (filter) throw invalidArgument("give externalIds or a filter, not both");
    return [...new Set(lowerCase(externalIds))];
  }
  if (!filter) return [];
  const ids = await reading.findRuns(tenantId, readFilter(filter), limit);
  // Published clients send such a filter for "everything of the last hour" as well, so it is done and put on record.
  const shown = { ...filter, additionalMetadata: metadataKeys(filter.additionalMetadata) };
  log.info(
    { tenantId, filter: shown, count: ids.length, isCapped: ids.length === limit },
    "runs found for a bulk operation",
  );
  return ids;
}

/** An empty list is one that was not given. */
function readFilter(filter: NonNullable<Static<typeof Selection>["filter"]>): RunFilter {
  return {
    sinceMs: timeMs(filter.since),
    untilMs: filter.until ? timeMs(filter.until) : undefined,
    statuses: given(filter.statuses)?.map(statusMeant),
    workflowIds: given(filter.workflowIds),
    metadata: given(filter.additionalMetadata)?.map((entry) => {
      const colon = entry.indexOf(":");
      return [entry.slice(0, colon), entry.slice(colon + 1)];
    }),
  };
}

function given<Item>(list: readonly Item[] | null | undefined): readonly Item[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

async function inParts(ids: readonly Uuid[], work: (ids: readonly Uuid[]) => Promise<Uuid[]>): Promise<Uuid[]> {
  const results: Uuid[] = [];
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    results.push(...(await work(ids.slice(start, start + IDS_AT_ONCE))));
  }
  return results;
}
