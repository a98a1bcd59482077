import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { readWorkerSearch } from "./fleet/worker-search.ts";
import { parseSearch, stringifySearch } from "./routes/address.ts";
import { NotFound } from "./routes/not-found.tsx";
import { Root } from "./routes/root.tsx";
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

const routeTree = root.addChildren([entry, workers, worker]);

/** The pages by their addresses. */
export function createAppRouter() {
  return createRouter({ routeTree, parseSearch, stringifySearch });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
