import type { TenantId } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { newestTasks } from "../newest-tasks.ts";
import { operation } from "../operation.ts";
import type { Reading } from "../reading.ts";
import { Id, Time } from "../wire/common.ts";

const ActionSchema = Type.Object({
  action: Type.String(),
  workers: Type.Integer({ description: "connected workers that have it" }),
  queued: Type.Integer({ description: "tasks that wait for it, in line or in back-off" }),
  oldest: Type.Optional(Time),
  workflows: Type.Array(Type.Object({ id: Id, name: Type.String(), taskName: Type.String() }), {
    description: "whose newest version needs it; none when only tasks of older versions wait for it",
  }),
});

/** Actions, and whether anybody serves them. */
export function actionRoutes(app: FastifyInstance, { reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/actions",
      id: "action:list",
      summary: "Actions that workflows need or tasks wait for, and how many connected workers have them",
      tag: "Workers",
      access: access.tenant,
      query: Type.Object({
        unserved: Type.Optional(Type.Boolean({ description: "only those that no connected worker has" })),
      }),
      answer: Type.Object({ rows: Type.Array(ActionSchema) }),
    },
    async ({ tenantId, query: { unserved = false } }) => {
      const all = await listActions(reading, tenantId);
      return { rows: unserved ? all.filter(({ workers }) => workers === 0) : all };
    },
  );
}

interface Action {
  action: string;
  workers: number;
  queued: number;
  oldest?: Date;
  workflows: { id: string; name: string; taskName: string }[];
}

/** By name. */
async function listActions(reading: Reading, tenantId: TenantId): Promise<Action[]> {
  const [workers, loads, workflows] = await Promise.all([
    reading.listWorkers(tenantId),
    reading.listQueueLoads(tenantId),
    newestTasks(reading, tenantId),
  ]);
  const actions = new Map<string, Action>();
  const actionOf = (action: string): Action => {
    const known = actions.get(action) ?? { action, workers: 0, queued: 0, workflows: [] };
    actions.set(action, known);
    return known;
  };
  for (const { id, name, tasks } of workflows) {
    for (const { action, readableId } of tasks) actionOf(action).workflows.push({ id, name, taskName: readableId });
  }
  for (const { action, total, oldest } of loads) Object.assign(actionOf(action), { queued: total, oldest });
  for (const worker of workers.filter(({ isConnected }) => isConnected)) {
    for (const action of new Set(worker.actions)) {
      const known = actions.get(action);
      if (known) known.workers++;
    }
  }
  return [...actions.values()].sort((a, b) => (a.action < b.action ? -1 : 1));
}
