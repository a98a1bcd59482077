import { type DesiredLabel, type Exclusion, exclusionsOf, labelText, type Placement, type WorkerId } from "@helve/core";
import type { WaitReason, WaitRule } from "../api.ts";
import type { WorkerView } from "./worker-view.ts";

/** Workers and tasks that one reason lists at most. */
const MAX_LISTED = 20;

/** What a task in a line asks of a worker. */
export interface Demand {
  action: string;
  slots: readonly (readonly [kind: string, units: number])[];
  placement: Placement;
  /** The paused workflow that holds it back. */
  pausedBy?: string | undefined;
}

type Found = { rule: WaitRule; worker: WorkerView; detail: string };

/**
 * Why no connected worker takes a task that stands in a line: a reason for each kind of obstacle, those first that are
 * nearest to being out of the way. A reason `next` means that a worker has room.
 *
 * @param workers connected workers of the tenant, with the action or without
 */
export function queueReasons(demand: Demand, workers: readonly WorkerView[]): WaitReason[] {
  const found = workers.filter((worker) => worker.actions.has(demand.action)).map((worker) => obstacle(demand, worker));
  const of = (rule: WaitRule) => found.filter((one) => one.rule === rule);
  const { action, placement } = demand;
  const reasons: WaitReason[] = [];
  const add = (rule: WaitRule, message: string, releasedBy: string, about = of(rule)) => {
    const listed = about.slice(0, MAX_LISTED);
    reasons.push({
      rule,
      message,
      releasedBy,
      workers: listed.map(({ worker, detail }) => ({ workerId: worker.id, name: worker.name, detail })),
      tasks: rule === "busy" ? listed.flatMap(({ worker }) => worker.holders).slice(0, MAX_LISTED) : [],
      deadlineMs: undefined,
    });
  };

  if (demand.pausedBy !== undefined) {
    add("paused", `workflow ${demand.pausedBy} is paused`, "somebody resumes the workflow");
    return reasons;
  }
  if (of("next").length > 0) add("next", "a worker has room for it", "the next hand-out, which is under way");
  if (of("busy").length > 0) {
    add("busy", "all slots of the workers that may take it are taken", "one of the tasks that hold them ends");
  }
  if (of("not_accepting").length > 0) {
    add("not_accepting", "workers that could take it are given nothing now", "one of them takes work again");
  }
  if (placement.kind === "sticky" && placement.mode === "hard") {
    const state = stateOfOnly(placement.workerId, demand, workers);
    if (state)
      add("sticky", `it belongs to worker ${placement.workerId} alone, which ${state}`, "that worker can take it");
  } else if (of("labels").length > 0 && placement.kind === "labels") {
    const wanted = placement.labels.map(wishText).join(", ");
    add("labels", `workers with its action do not meet the labels it asks for: ${wanted}`, "a worker that meets them");
  }
  if (of("capacity").length > 0) {
    const asked = demand.slots.map(([kind, units]) => `${units} ${kind}`).join(" and ");
    add("capacity", `workers with its action do not have the slots that it takes: ${asked}`, "a worker with as many");
  }
  if (found.length === 0 && reasons.length === 0) {
    add("action", `no connected worker has registered its action ${action}`, "a worker that registers it connects");
  }
  return reasons;
}

/** Whether, for these reasons, no worker that is connected will take the task even when slots come free. In a pause none need. */
export function isUnserved(reasons: readonly WaitReason[]): boolean {
  return reasons.every(({ rule }) => rule !== "next" && rule !== "busy" && rule !== "paused");
}

/** What stands between a task and a worker that has its action. */
function obstacle({ slots, placement }: Demand, worker: WorkerView): Found {
  const small = slots.find(([kind, units]) => (worker.slots.get(kind)?.limit ?? 0) < units);
  if (small) {
    return { rule: "capacity", worker, detail: `has ${worker.slots.get(small[0])?.limit ?? 0} ${small[0]} in all` };
  }
  const exclusions = exclusionsOf(placement, worker);
  if (exclusions.length > 0) {
    return { rule: "labels", worker, detail: exclusions.map(exclusionText).join(", ") };
  }
  if (worker.refusal !== undefined) return { rule: "not_accepting", worker, detail: worker.refusal };
  const full = slots.find(([kind, units]) => {
    const { limit = 0, used = 0 } = worker.slots.get(kind) ?? {};
    return used + units > limit;
  });
  if (full) {
    const { limit = 0, used = 0 } = worker.slots.get(full[0]) ?? {};
    return { rule: "busy", worker, detail: `has ${used} of ${limit} ${full[0]} slots in use` };
  }
  if (slots.some(([kind]) => worker.slots.get(kind)?.used === undefined)) {
    return { rule: "busy", worker, detail: "is connected to another replica, which knows how many slots are in use" };
  }
  return { rule: "next", worker, detail: "has room" };
}

/** Why the only worker that may take a task cannot; undefined when it could, and is named by another reason. */
function stateOfOnly(id: WorkerId, { action }: Demand, workers: readonly WorkerView[]): string | undefined {
  const worker = workers.find((one) => one.id === id);
  if (!worker) return "is not connected";
  return worker.actions.has(action) ? undefined : `has not registered its action ${action}`;
}

function exclusionText(exclusion: Exclusion): string {
  switch (exclusion.kind) {
    case "other_worker":
      return "is another worker";
    case "negative_sum":
      return `has labels whose weights add up to ${exclusion.sum}`;
    case "label": {
      const { label, has } = exclusion;
      return has === undefined ? `has no label ${label.key}` : `has ${label.key} = ${JSON.stringify(has)}`;
    }
  }
}

function wishText(label: DesiredLabel): string {
  if (label.required) return `${labelText(label)} (required)`;
  return `${labelText(label)} (weight ${label.weight})`;
}
