import { NonRetryableError } from "../errors.ts";
import type { Anything } from "../workflow/json.ts";
import { describeIssues, type ValidationResult } from "../workflow/standard-schema.ts";
import type { Attempt } from "./attempt.ts";
import { Context } from "./context.ts";
import { currentTask } from "./current-task.ts";
import type { TaskHandler } from "./task-handlers.ts";

/**
 * Runs the code of a task: reads the input, checks it, calls the function.
 *
 * @returns what the function returned, which may be a promise; it may throw as well
 * @throws NonRetryableError for an input that is not what the task expects
 */
export function runHandler(handler: TaskHandler, attempt: Attempt): unknown {
  const input = parseInput(attempt.assignment.input);
  if (handler.schema === undefined) return call(handler, attempt, input);
  const checked = handler.schema["~standard"].validate(input);
  if (checked instanceof Promise) {
    return checked.then((result) => call(handler, attempt, validated(result, attempt)));
  }
  return call(handler, attempt, validated(checked, attempt));
}

function call(handler: TaskHandler, attempt: Attempt, input: Anything): unknown {
  const { runtime, assignment } = attempt;
  const context = new Context(attempt, input);
  if (runtime.tracing === undefined) return currentTask.run(attempt, handler.fn, input, context);
  const { taskId, runId, taskName, metadata } = assignment;
  const task = { taskId, runId, taskName, attempt: attempt.attempt, workerId: runtime.workerId(), metadata };
  return runtime.tracing.runTask(task, () => currentTask.run(attempt, handler.fn, input, context));
}

function parseInput(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NonRetryableError("the input is no JSON", { cause });
  }
}

function validated(result: ValidationResult<unknown>, attempt: Attempt): unknown {
  if (result.issues === undefined) return result.value;
  const issues = describeIssues(result.issues);
  throw new NonRetryableError(`the input of '${attempt.assignment.taskName}' does not fit its schema: ${issues}`);
}
