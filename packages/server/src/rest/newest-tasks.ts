import type { TaskDefinition, TenantId, Uuid } from "@helve/core";
import type { Reading } from "./reading.ts";
import { stepsOf } from "./wire/steps.ts";

/** A workflow and the tasks of its newest version, the on-failure task last. */
export interface NewestTasks {
  id: Uuid;
  name: string;
  tasks: TaskDefinition[];
}

/** Every workflow of a tenant, by name. */
export async function newestTasks(reading: Reading, tenantId: TenantId): Promise<NewestTasks[]> {
  const workflows = await reading.listAllWorkflows(tenantId);
  const versions = await reading.getVersions(workflows.map(({ versionId }) => versionId));
  return workflows.map(({ id, name, versionId }) => {
    const version = versions.get(versionId);
    return { id, name, tasks: version ? stepsOf(version).map(({ task }) => task) : [] };
  });
}

/** The names of tasks by their action; where workflows share an action, the one of the last workflow. */
export async function taskNamesByAction(reading: Reading, tenantId: TenantId): Promise<Map<string, string>> {
  const workflows = await newestTasks(reading, tenantId);
  return new Map(workflows.flatMap(({ tasks }) => tasks.map(({ action, readableId }) => [action, readableId])));
}
