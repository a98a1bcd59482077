import Fastify, { type FastifyInstance, LogController } from "fastify";
import { dashboardPages, findDashboard } from "../dashboard/pages.ts";
import { metricsRoute } from "../metrics/route.ts";
import { accessRules } from "./access.ts";
import { answerCors } from "./cors.ts";
import type { RestDeps } from "./deps.ts";
import { answerErrors, answerUnknownRoutes } from "./errors.ts";
import { collectOpenApi, openApiRoute } from "./openapi.ts";
import { actionRoutes } from "./resources/actions.ts";
import { apiTokenRoutes } from "./resources/api-tokens.ts";
import { cancelReplayRoutes } from "./resources/cancel-replay.ts";
import { instanceRoutes } from "./resources/instance.ts";
import { metricRoutes } from "./resources/metrics.ts";
import { runRoutes } from "./resources/run.ts";
import { runListRoutes } from "./resources/run-list.ts";
import { taskTimingRoutes } from "./resources/task-timings.ts";
import { taskRoutes } from "./resources/tasks.ts";
import { tenantRoutes } from "./resources/tenant.ts";
import { triggerRoutes } from "./resources/trigger.ts";
import { unservedRoutes } from "./resources/unserved.ts";
import { workerRoutes } from "./resources/workers.ts";
import { workflowRoutes } from "./resources/workflows.ts";
import { validateRequests } from "./validation.ts";

export type { RestDeps } from "./deps.ts";
export type { Reading } from "./reading.ts";

/** Largest body of a request; the gRPC side takes as much. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

/**
 * The REST API, and the dashboard that is made of it. Whoever starts it listens and closes.
 *
 *   request → CORS → access (400, 404, 403) → schema (400) → handler → engine or reading → JSON
 *
 * A resource is a file under `resources/`; what several of them show is under `wire/`. Handlers that refuse something
 * throw HelveError; what comes before them throws Refusal; errors.ts has the one table of statuses.
 */
export function restServer(deps: RestDeps): FastifyInstance {
  const app = Fastify({
    loggerInstance: deps.log as never,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    // Ends idle connections of clients at once when the server closes, and those that are in use after their answer.
    forceCloseConnections: "idle",
  }) as unknown as FastifyInstance;
  app.decorateRequest("resolved", null);
  answerErrors(app);
  answerUnknownRoutes(app, (request, reply) => sendPage(request, reply));
  answerCors(app, deps.allowedOrigins);
  validateRequests(app);
  collectOpenApi(app, deps);
  const sendPage = dashboardPages(app, findDashboard());
  const access = accessRules(deps);
  app.register(async (api) => {
    instanceRoutes(api, deps);
    metricsRoute(api, deps);
    tenantRoutes(api, deps, access);
    runListRoutes(api, deps, access);
    triggerRoutes(api, deps, access);
    runRoutes(api, deps, access);
    taskTimingRoutes(api, deps, access);
    taskRoutes(api, deps, access);
    cancelReplayRoutes(api, deps, access);
    workerRoutes(api, deps, access);
    workflowRoutes(api, deps, access);
    actionRoutes(api, deps, access);
    metricRoutes(api, deps, access);
    apiTokenRoutes(api, deps, access);
    unservedRoutes(api);
    openApiRoute(api);
  });
  return app;
}
