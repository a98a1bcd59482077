import type { TaskRunId } from "@helve/core";
import type { WaitReason } from "@helve/engine";
import { type TSchema, Type } from "typebox";
import { Id, Time } from "./common.ts";

/** A rule missing here does not compile. */
const RULES: Readonly<Record<WaitReason["rule"], true>> = {
  parents: true,
  no_failure: true,
  back_off: true,
  paused: true,
  action: true,
  capacity: true,
  labels: true,
  sticky: true,
  not_accepting: true,
  busy: true,
  line: true,
  next: true,
};

/** Why one task waits. */
export const WaitSchema: TSchema = Type.Object({
  taskExternalId: Id,
  taskName: Type.String(),
  reasons: Type.Array(
    Type.Object({
      rule: Type.Enum(Object.keys(RULES)),
      message: Type.String({ description: "what is so" }),
      releasedBy: Type.String({ description: "what would release the task" }),
      workers: Type.Array(
        Type.Object({ workerId: Id, name: Type.String(), detail: Type.String() }, { description: "at most 20" }),
      ),
      tasks: Type.Array(Type.Object({ taskExternalId: Id, detail: Type.String() }, { description: "at most 20" })),
      deadline: Type.Optional(Time),
    }),
    { description: "the nearest to being released first" },
  ),
});

/** The reasons of a task under the names of the wire. */
export function describeWait(taskId: TaskRunId, taskName: string, reasons: readonly WaitReason[]): object {
  return {
    taskExternalId: taskId,
    taskName,
    reasons: reasons.map(({ tasks, deadlineMs, ...reason }) => ({
      ...reason,
      tasks: tasks.map((task) => ({ taskExternalId: task.taskId, detail: task.detail })),
      deadline: deadlineMs === undefined ? undefined : new Date(deadlineMs),
    })),
  };
}
