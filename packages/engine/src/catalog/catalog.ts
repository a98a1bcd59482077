import {
  childrenByNumber,
  HelveError,
  invalidArgument,
  newRunId,
  onFailureNumber,
  placementOf,
  placementText,
  type TaskDefinition,
  type TenantId,
  taskIdOf,
  type Uuid,
  type WorkflowDefinition,
  workflowChecksum,
} from "@helve/core";
import {
  type Database,
  type Db,
  getCurrentVersion,
  getVersion,
  putVersion,
  type WorkflowVersionRow,
} from "@helve/store";
import type { PutWorkflowResult } from "../api.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Routes } from "../dispatcher/routes.ts";

/** A workflow version with everything that runs of it need, worked out once. */
export interface Version {
  readonly id: Uuid;
  readonly tenantId: TenantId;
  readonly workflowId: Uuid;
  readonly definition: WorkflowDefinition;
  /** One task and no on-failure task: its runs are one row. */
  readonly isStandalone: boolean;
  /** By task number; index 0 is the task of a standalone run. */
  readonly steps: readonly Step[];
  /** Of core's childrenByNumber. */
  readonly children: readonly (readonly number[])[];
}

export interface Step {
  readonly number: number;
  readonly id: Uuid;
  readonly task: TaskDefinition;
  /** Where it stands in a run that wishes nothing of its own. */
  readonly route: Route;
  /** Numbers of all tasks that come before it. */
  readonly ancestors: readonly number[];
  /** Numbers of all tasks that depend on it. */
  readonly descendants: readonly number[];
  readonly isOnFailure: boolean;
}

/**
 * What the engine knows of registered workflows. Versions never change, so a cached one is always right; which version is
 * the newest is read again when a hint says that a workflow was registered elsewhere.
 */
export class Catalog {
  readonly #db: Database;
  readonly #routes: Routes;
  readonly #versions = new Map<Uuid, Promise<Version>>();
  readonly #resolved = new Map<Uuid, Version>();
  readonly #current = new Map<string, Version>();

  constructor(db: Database, routes: Routes) {
    this.#db = db;
    this.#routes = routes;
  }

  /** Stores a definition as the newest version, unless the newest one is the same. */
  async put(tenantId: TenantId, definition: WorkflowDefinition): Promise<PutWorkflowResult> {
    const versionId = newRunId();
    const row = await this.#db.transaction((tx) =>
      putVersion(tx, {
        workflowId: newRunId(),
        versionId,
        tenantId,
        checksum: workflowChecksum(definition),
        definition,
      }),
    );
    const version = await this.#load(row);
    this.#current.set(currentKey(tenantId, definition.name), version);
    return { workflowId: row.workflowId, versionId: row.id, ordinal: row.ordinal, createdAt: row.createdAt };
  }

  /** The newest version of a workflow if it is known without asking the database. */
  cached(tenantId: TenantId, name: string): Version | undefined {
    return this.#current.get(currentKey(tenantId, name));
  }

  /** @throws HelveError `invalid_argument` naming a workflow that the tenant does not have */
  async current(tenantId: TenantId, name: string): Promise<Version> {
    const cached = this.cached(tenantId, name);
    if (cached) return cached;
    const row = await getCurrentVersion(this.#db, tenantId, name);
    if (!row) throw invalidArgument(`workflow names not found: ${name}`);
    const version = await this.#load(row);
    this.#current.set(currentKey(tenantId, name), version);
    return version;
  }

  /** A version by id if it is in memory. */
  loaded(versionId: Uuid): Version | undefined {
    return this.#resolved.get(versionId);
  }

  /** Loads these versions, so that `loaded` finds them. */
  async ensure(versionIds: Iterable<Uuid>, db: Db = this.#db): Promise<void> {
    for (const id of versionIds) {
      if (this.#resolved.has(id)) continue;
      const row = await getVersion(db, id);
      if (!row) throw new HelveError("internal", `workflow version ${id} is referred to and not stored`);
      await this.#load(row);
    }
  }

  /** A workflow was registered elsewhere; undefined: any of them may have been. */
  forgetCurrent(tenantId?: TenantId, name?: string): void {
    if (tenantId === undefined || name === undefined) this.#current.clear();
    else this.#current.delete(currentKey(tenantId, name));
  }

  async #load(row: WorkflowVersionRow): Promise<Version> {
    let loading = this.#versions.get(row.id);
    if (!loading) {
      loading = this.#resolve(row);
      this.#versions.set(row.id, loading);
      loading.catch(() => this.#versions.delete(row.id));
    }
    return loading;
  }

  async #resolve({ id, tenantId, workflowId, definition }: WorkflowVersionRow): Promise<Version> {
    const tasks = definition.onFailure ? [...definition.tasks, definition.onFailure] : definition.tasks;
    const lines = tasks.map((task) => ({
      action: task.action,
      slots: slotsKey(task.slotRequests),
      placement: placementText(placementOf(definition, task)),
    }));
    const routes = await this.#routes.put(tenantId, lines);
    const isStandalone = tasks.length === 1;
    const children = childrenByNumber(definition);
    const hook = onFailureNumber(definition);
    const steps = tasks.map((task, index): Step => {
      const number = isStandalone ? 0 : index + 1;
      const ancestors = number === hook ? definition.tasks.map((_, i) => i + 1) : ancestorsOf(definition, task);
      return {
        number,
        id: taskIdOf(id, index + 1),
        task,
        route: routes[index] as Route,
        ancestors,
        descendants: reach(number, (n) => children[n] ?? []),
        isOnFailure: number === hook,
      };
    });
    const byNumber = isStandalone ? steps : [steps[0] as Step, ...steps];
    const version = { id, tenantId, workflowId, definition, isStandalone, steps: byNumber, children };
    this.#resolved.set(id, version);
    return version;
  }
}

/** The step of a task number. */
export function stepOf(version: Version, number: number): Step {
  return version.steps[number] as Step;
}

function currentKey(tenantId: TenantId, name: string): string {
  return `${tenantId}/${name}`;
}

/** Slots by kind as canonical JSON, the text that identifies a route. */
function slotsKey(slots: Record<string, number>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(slots).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function ancestorsOf(definition: WorkflowDefinition, task: TaskDefinition): number[] {
  const numbers = new Map(definition.tasks.map((one, index) => [one.readableId, index + 1]));
  const parents = (number: number) =>
    (definition.tasks[number - 1] as TaskDefinition).parents.map((parent) => numbers.get(parent) as number);
  return reach(numbers.get(task.readableId) as number, parents);
}

/** All numbers that can be reached from one by `next`, without itself, ascending. */
function reach(start: number, next: (number: number) => readonly number[]): number[] {
  const seen = new Set<number>();
  const open = [...next(start)];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    if (seen.has(number)) continue;
    seen.add(number);
    open.push(...next(number));
  }
  return [...seen].sort((a, b) => a - b);
}
