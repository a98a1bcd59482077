import { RawJson, rawObject } from "../json.ts";
import type { RunRecord, VersionRecord } from "../reading.ts";
import { ancestorsOf, type Step, stepOfTask } from "./steps.ts";

/** What a task that was skipped has as its output. */
const SKIPPED = new RawJson('{"skipped":true}');

export function outputOf({ status, output }: Pick<RunRecord, "status" | "output">): RawJson {
  return status === "skipped" && output === null ? SKIPPED : rawObject(output);
}

/**
 * The document that a task is given, as every list and the details of a run show it: programs reach into its `input`. The
 * answer to "get task" shows the inner input alone.
 *
 * @param siblings tasks of the same run; those that come before the task and succeeded are its parents
 */
export function inputEnvelope(
  input: string | null,
  siblings: readonly RunRecord[],
  version: VersionRecord | undefined,
  step: Step | undefined,
): RawJson {
  const before =
    version && step && siblings.length > 0 ? ancestorsOf(version.definition, step.task) : new Set<string>();
  const parents = siblings.flatMap((sibling) => {
    const name = stepOfTask(version, sibling.id)?.task.readableId;
    const isDone = sibling.status === "succeeded" || sibling.status === "skipped";
    return name !== undefined && before.has(name) && isDone
      ? [`${JSON.stringify(name)}:${outputOf(sibling).text}`]
      : [];
  });
  return new RawJson(
    `{"input":${rawObject(input).text},"overrides":null,"parents":{${parents.join(",")}},` +
      `"triggered_by":"manual","triggers":{"filter_payload":null},"user_data":null}`,
  );
}
