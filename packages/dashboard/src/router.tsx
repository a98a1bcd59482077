import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { readWorkerSearch } from "./fleet/worker-search.ts";
import { ActionsPage, readActionSearch } from "./routes/actions.tsx";
import { parseSearch, stringifySearch } from "./routes/address.ts";
import { NotFound } from "./routes/not-found.tsx";
import { Root } from "./routes/root.tsx";
import { VersionsPage } from "./routes/versions.tsx";
import { WorkerPage } from "./routes/worker.tsx";
import { WorkersPage } from "./routes/workers.tsx";

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const entry = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/workers" });
  },
});

const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  validateSearch: readWorkerSearch,
  component: WorkersPage,
});

const worker = createRoute({ getParentRoute: () => root, path: "/workers/$workerId", component: WorkerPage });

const versions = createRoute({ getParentRoute: () => root, path: "/versions", component: VersionsPage });

const actions = createRoute({
  getParentRoute: () => root,
  path: "/actions",
  validateSearch: readActionSearch,
  component: ActionsPage,
});

const routeTree = root.addChildren([entry, workers, worker, versions, actions]);

/** The pages by their addresses. */
export function createAppRouter() {
  return createRouter({ routeTree, parseSearch, stringifySearch });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
