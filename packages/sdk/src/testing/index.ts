/**
 * For tests of your own tasks: runs a task's code with a made-up context, without an engine.
 *
 * ```ts
 * const { output, logs } = await runTask(greet, { name: "World" }, { retryCount: 1 });
 * ```
 */
import { unsignedToken } from "./unsigned-token.ts";

export { type RunTaskOptions, runTask, type TaskRunReport } from "./run-task.ts";
export type { ChildAnswer, StartedChild, WrittenLine } from "./test-runtime.ts";

/** A token that belongs nowhere, so that a client can be made where none is ever connected. */
export const TEST_TOKEN: string = unsignedToken({
  grpcAddress: "127.0.0.1:1",
  serverUrl: "http://127.0.0.1:1",
});
