import type { TenantId } from "@helve/core";
import type { Reading } from "../reading.ts";
import { stepsOf } from "./steps.ts";

/** The names of tasks by their action, as the newest versions of a tenant's workflows have them. */
export async function taskNamesByAction(reading: Reading, tenantId: TenantId): Promise<Map<string, string>> {
  const workflows = await reading.listAllWorkflows(tenantId);
  const versions = await reading.getVersions(workflows.map((workflow) => workflow.versionId));
  const names = new Map<string, string>();
  for (const version of versions.values()) {
    for (const { task } of stepsOf(version)) names.set(task.action, task.readableId);
  }
  return names;
}
