import type { WorkerId } from "./ids.ts";
import type { DesiredLabel, LabelComparator, TaskDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/**
 * Where a task may run, among the workers that have its action and its slots, and where first.
 *
 *   any     everywhere, all alike
 *   labels  each label that a worker meets adds its weight to the worker's rank; one that is required and not met, or a
 *           negative sum, rules the worker out
 *   sticky  soft: one worker before all others; hard: that worker alone
 *
 * A lower rank is served only when nobody of a higher one has room, so what is not required never delays a task.
 */
export type Placement =
  | { readonly kind: "any" }
  | { readonly kind: "labels"; readonly labels: readonly DesiredLabel[] }
  | { readonly kind: "sticky"; readonly mode: "soft" | "hard"; readonly workerId: WorkerId };

/** What a placement asks of a worker. */
export interface PlaceableWorker {
  readonly id: WorkerId;
  readonly labels: Readonly<Record<string, string | number>>;
}

/** What a run asks for beside its definition. */
export interface PlacementWishes {
  readonly desiredWorkerId?: WorkerId | undefined;
  /** When there are any, they take the place of the task's own list as a whole. */
  readonly desiredLabels?: readonly DesiredLabel[] | undefined;
}

/** Of a task without wishes. */
export const ANYWHERE: Placement = { kind: "any" };

/**
 * The placement of a task in a run. A workflow that is sticky takes no notice of labels, even while no worker is known
 * that its task could stick to; one that is not takes no notice of a desired worker.
 */
export function placementOf(
  workflow: Pick<WorkflowDefinition, "sticky">,
  task: Pick<TaskDefinition, "workerLabels">,
  { desiredWorkerId, desiredLabels = [] }: PlacementWishes = {},
): Placement {
  if (workflow.sticky !== undefined) {
    return desiredWorkerId === undefined ? ANYWHERE : stickTo(workflow.sticky, desiredWorkerId);
  }
  const labels = desiredLabels.length > 0 ? desiredLabels : task.workerLabels;
  return labels.length > 0 ? { kind: "labels", labels } : ANYWHERE;
}

/** The placement of a task that belongs to one worker. */
export function stickTo(mode: "soft" | "hard", workerId: WorkerId): Placement {
  return { kind: "sticky", mode, workerId };
}

/** How much a placement prefers a worker; undefined when it rules the worker out. */
export function rankOf(placement: Placement, worker: PlaceableWorker): number | undefined {
  switch (placement.kind) {
    case "any":
      return 0;
    case "sticky":
      if (worker.id === placement.workerId) return 1;
      return placement.mode === "soft" ? 0 : undefined;
    case "labels": {
      const sum = sumOfMet(placement.labels, worker);
      return sum !== undefined && sum >= 0 ? sum : undefined;
    }
  }
}

/** Why a placement rules a worker out. */
export type Exclusion =
  | { readonly kind: "other_worker" }
  /** `has` is undefined when the worker does not have the label at all. */
  | { readonly kind: "label"; readonly label: DesiredLabel; readonly has: string | number | undefined }
  | { readonly kind: "negative_sum"; readonly sum: number };

/** All that rules a worker out; empty exactly when {@link rankOf} gives it a rank. */
export function exclusionsOf(placement: Placement, worker: PlaceableWorker): Exclusion[] {
  if (rankOf(placement, worker) !== undefined) return [];
  if (placement.kind !== "labels") return [{ kind: "other_worker" }];
  const unmet = placement.labels.filter((label) => label.required && !isMet(label, worker));
  if (unmet.length > 0) return unmet.map((label) => ({ kind: "label", label, has: labelOf(worker, label.key) }));
  return [{ kind: "negative_sum", sum: sumOfMet(placement.labels, worker) as number }];
}

/** The rank of a worker that a placement could not prefer any other to. */
export function highestRankOf(placement: Placement): number {
  if (placement.kind === "any") return 0;
  if (placement.kind === "sticky") return 1;
  return placement.labels.reduce((sum, { weight, required }) => sum + (required ? weight : Math.max(weight, 0)), 0);
}

/** One text for every way to write the same placement: tasks with equal texts stand in one line. Empty for `any`. */
export function placementText(placement: Placement): string {
  switch (placement.kind) {
    case "any":
      return "";
    case "sticky":
      return JSON.stringify({ sticky: placement.mode, workerId: placement.workerId });
    case "labels":
      return JSON.stringify({ labels: placement.labels.map(canonicalLabel).sort(byKey) });
  }
}

/** Reads what {@link placementText} wrote. */
export function readPlacement(text: string): Placement {
  if (text === "") return ANYWHERE;
  const read = JSON.parse(text) as { labels: DesiredLabel[] } | { sticky: "soft" | "hard"; workerId: WorkerId };
  return "labels" in read ? { kind: "labels", labels: read.labels } : stickTo(read.sticky, read.workerId);
}

/** A wish as people read it: `memory >= 512`. */
export function labelText({ key, comparator, value }: Pick<DesiredLabel, "key" | "comparator" | "value">): string {
  return `${key} ${SIGNS[comparator]} ${JSON.stringify(value)}`;
}

const SIGNS: Readonly<Record<LabelComparator, string>> = {
  equal: "=",
  not_equal: "!=",
  greater_than: ">",
  greater_than_or_equal: ">=",
  less_than: "<",
  less_than_or_equal: "<=",
};

/** @returns undefined when a required label is not met */
function sumOfMet(labels: readonly DesiredLabel[], worker: PlaceableWorker): number | undefined {
  let sum = 0;
  for (const label of labels) {
    if (isMet(label, worker)) sum += label.weight;
    else if (label.required) return undefined;
  }
  return sum;
}

/** A label that the worker lacks, or has with a value of the other type, meets nothing, not even `not_equal`. */
function isMet({ key, value, comparator }: DesiredLabel, worker: PlaceableWorker): boolean {
  const has = labelOf(worker, key);
  if (typeof has !== typeof value) return false;
  if (comparator === "equal") return has === value;
  if (comparator === "not_equal") return has !== value;
  if (typeof has !== "number" || typeof value !== "number") return false;
  switch (comparator) {
    case "greater_than":
      return has > value;
    case "greater_than_or_equal":
      return has >= value;
    case "less_than":
      return has < value;
    case "less_than_or_equal":
      return has <= value;
  }
}

/** Labels are named by users: one may be called like what every object has. */
function labelOf({ labels }: PlaceableWorker, key: string): string | number | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function canonicalLabel({ key, value, required, comparator, weight }: DesiredLabel): DesiredLabel {
  return { key, value, required, comparator, weight };
}

function byKey(a: DesiredLabel, b: DesiredLabel): number {
  const [x, y] = [JSON.stringify(a), JSON.stringify(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
