import { runIdOf, taskNumberOf, type Uuid } from "@helve/core";
import { RawJson, rawObject } from "../json.ts";
import type { Reading, RunRecord, VersionRecord } from "../reading.ts";
import { inputEnvelope } from "./payloads.ts";
import { stepOfTask } from "./steps.ts";
import { summariseRun, summariseTask, type TaskSummary } from "./task-summary.ts";

/**
 * Rows of a list: runs of several tasks carry these as children, and with payloads the tasks of DAGs show what the tasks
 * before them gave. Both are read for the whole page at once.
 */
export async function runRows(
  reading: Reading,
  tenantId: Uuid,
  records: readonly RunRecord[],
  withPayloads: boolean,
): Promise<TaskSummary[]> {
  const needed = records.filter((record) => record.isWorkflowRun || (withPayloads && taskNumberOf(record.id) > 0));
  const runIds = [...new Set(needed.map((record) => runIdOf(record.id)))];
  const [wholeRuns, versions] = await Promise.all([
    reading.listWholeRuns(tenantId, runIds, withPayloads),
    reading.getVersions(records.map((record) => record.versionId)),
  ]);
  const families = new Map<Uuid, RunRecord[]>(runIds.map((id) => [id, []]));
  for (const record of wholeRuns) families.get(runIdOf(record.id))?.push(record);

  return records.map((record) => {
    const version = versions.get(record.versionId);
    const [run, ...tasks] = families.get(runIdOf(record.id)) ?? [];
    const family = { run, tasks, version, withPayloads };
    if (!record.isWorkflowRun) return taskRow(record, family);
    const children = tasks.map((task) => taskRow(task, family, record.metadata)).reverse();
    return summariseRun(record, version, { tasks, input: rawObject(record.input), children });
  });
}

interface Family {
  run: RunRecord | undefined;
  tasks: readonly RunRecord[];
  version: VersionRecord | undefined;
  withPayloads: boolean;
}

const NOTHING = new RawJson("{}");

function taskRow(
  task: RunRecord,
  { run, tasks, version, withPayloads }: Family,
  metadata = task.metadata,
): TaskSummary {
  const input = withPayloads
    ? inputEnvelope(task.input ?? run?.input ?? null, tasks, version, stepOfTask(version, task.id))
    : NOTHING;
  return summariseTask(task, version, { input, metadata });
}
