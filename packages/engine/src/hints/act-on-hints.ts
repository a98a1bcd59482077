import type { RunId } from "@helve/core";
import type { Catalog } from "../catalog/catalog.ts";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { ReplicaLease } from "../leases/replica-lease.ts";
import type { PausedWorkflows } from "../pauses/paused-workflows.ts";
import type { RunEvents } from "../results/run-events.ts";
import type { RunResults } from "../results/run-results.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Sweeper } from "../sweeper.ts";
import type { Hint } from "./hint-bus.ts";

export interface HintActions {
  lease: ReplicaLease;
  dispatcher: Dispatcher;
  sessions: Sessions;
  heldTasks: HeldTasks;
  sweeper: Sweeper;
  catalog: Catalog;
  pauses: PausedWorkflows;
  results: RunResults;
  events: RunEvents;
  /** Tells those who listen to these runs here how they ended. */
  tellEnds: (runs: readonly RunId[]) => Promise<void>;
  failed: (what: string) => (error: unknown) => void;
}

/** What another replica's hint makes this one do. */
export function actOnHints(actions: HintActions): (hint: Hint) => void {
  const { lease, dispatcher, sessions, heldTasks, sweeper, catalog, pauses, results, events, tellEnds, failed } =
    actions;

  function readPauses(): void {
    pauses.read().catch(failed("reading which workflows are paused"));
  }

  return (hint) => {
    switch (hint.kind) {
      case "joined":
        lease.noteJoined();
        events.announce();
        break;
      case "doubt":
        sweeper.suspect();
        break;
      case "queued":
        for (const id of hint.routes) dispatcher.noteWaitingOn(id);
        break;
      case "ended":
        results.look(hint.runs);
        tellEnds(hint.runs).catch(failed("telling how runs ended"));
        break;
      case "taken":
        void sweeper.check(
          hint.tasks.flatMap((id) => heldTasks.find(id) ?? []),
          () => hint.reason,
        );
        break;
      case "released":
        for (const id of hint.tasks) heldTasks.freeSlotsOf(id);
        break;
      case "workflow":
        catalog.forgetCurrent(hint.tenantId, hint.name);
        if (pauses.areAny) readPauses();
        break;
      case "pauses":
        readPauses();
        break;
      case "paused":
        sessions.applyPaused(hint.workerId, hint.isPaused);
        break;
      case "labels":
        sessions.labelsChanged([hint.workerId]).catch(failed("reading labels"));
        break;
      case "event":
      case "listening":
        events.receive(hint);
        break;
      case "beat":
        if (hint.replicaId === lease.id) sessions.applyBeat(hint.workerId);
    }
  };
}
