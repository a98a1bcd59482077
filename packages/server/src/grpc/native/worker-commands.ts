import type { helve } from "@helve/contracts";
import { HelveError, isUuid, type TenantId, type WorkerId, wholeNumber } from "@helve/core";
import type { Engine, LogLine, WorkersMeant } from "@helve/engine";
import type { Logger } from "pino";
import { checkLogLine } from "../events/put-log.ts";
import type { Outbox } from "./outbox.ts";
import { refusal } from "./refusal.ts";
import { readLabels, readReport, readTaskId } from "./worker-frames.ts";

export interface WorkerCommands {
  engine: Engine;
  log: Logger;
  tenantId: TenantId;
  workerId: WorkerId;
  outbox: Outbox<helve.EngineToWorker>;
  /**
   * Rejects with permission_denied when the worker's certificate is not for all of these; undefined where workers are not
   * held to that.
   */
  speaksFor: ((meant: WorkersMeant) => Promise<void>) | undefined;
}

/**
 * Carries out what stands in a frame, side by side. Resolves when all of it is durable; what concerns a task that is not
 * there any more, or another worker's by now, is passed over, since the stream has no place to say so and the worker would
 * not act on it.
 *
 * @throws HelveError for a frame that cannot be read or carried out: the stream ends, and the worker sends it again
 */
export async function carryOut(to: WorkerCommands, frame: helve.WorkerFrame): Promise<void> {
  const { engine, tenantId, workerId, speaksFor } = to;
  const named = [...frame.reports, ...frame.logs];
  if (speaksFor && named.length > 0) await speaksFor({ attempts: named.filter(({ taskId }) => isUuid(taskId)) });
  const work: Promise<unknown>[] = [];
  if (frame.reports.length > 0) work.push(engine.report(tenantId, frame.reports.map(readReport), workerId));
  if (frame.logs.length > 0) work.push(putLogs(to, frame.logs));
  for (const chunk of frame.chunks) work.push(putChunk(to, chunk));
  for (const refresh of frame.refreshTimeouts) work.push(refreshTimeout(to, refresh));
  for (const taskId of frame.releaseSlots) {
    const release = () => engine.releaseSlot(tenantId, readTaskId(taskId), workerId);
    work.push(ifItsOwn(to, taskId, release).catch(passOver("not_found")));
  }
  if (frame.labels.length > 0) work.push(engine.upsertWorkerLabels(tenantId, workerId, readLabels(frame.labels)));
  if (frame.draining) work.push(engine.unsubscribe(tenantId, workerId));
  await Promise.all(work);
}

/** Lines are stored together. If one is of a task that is unknown they are tried one by one, to lose that one only. */
async function putLogs(to: WorkerCommands, messages: readonly helve.LogLine[]): Promise<void> {
  const lines = messages.flatMap((message) => readLine(to, message));
  try {
    if (lines.length > 0) await to.engine.putLogs(to.tenantId, lines);
  } catch (error) {
    if (!(error instanceof HelveError) || error.code !== "not_found" || lines.length === 1)
      return passOver("not_found")(error);
    await Promise.all(lines.map((line) => to.engine.putLogs(to.tenantId, [line]).catch(passOver("not_found"))));
  }
}

function readLine({ log, workerId }: WorkerCommands, message: helve.LogLine): LogLine[] {
  try {
    return [checkLogLine({ ...message, taskId: readTaskId(message.taskId) })];
  } catch (error) {
    // The whole message would show what the task wrote.
    const [field] = (error as Error).message.split(" is ", 1);
    log.warn({ workerId, taskId: message.taskId, field }, "log line of a worker refused");
    return [];
  }
}

async function putChunk(to: WorkerCommands, chunk: helve.StreamChunk): Promise<void> {
  const { engine, tenantId } = to;
  const taskId = readTaskId(chunk.taskId);
  const { content, index } = chunk;
  const put = () => engine.putStreamChunk(tenantId, { taskId, content, index, createdAtMs: undefined });
  await ifItsOwn(to, taskId, put).catch(passOver("not_found"));
}

async function refreshTimeout(to: WorkerCommands, refresh: helve.RefreshTimeout): Promise<void> {
  const answer = await refreshed(to, refresh).then(
    // The wire counts whole milliseconds.
    (deadlineAt) => ({ request: refresh.request, deadlineAt: Math.round(deadlineAt) }),
    (error: unknown) => ({
      request: refresh.request,
      deadlineAt: 0,
      refusal: refusal(error, "RefreshTimeout", to.log),
    }),
  );
  to.outbox.add(0, (frame) => frame.timeoutsRefreshed.push(answer));
}

async function refreshed(to: WorkerCommands, { taskId, incrementMs }: helve.RefreshTimeout): Promise<number> {
  const { engine, tenantId, speaksFor } = to;
  const increment = wholeNumber(incrementMs, "increment_ms", 0, Number.MAX_SAFE_INTEGER);
  if (speaksFor) await speaksFor({ attempts: [{ taskId: readTaskId(taskId), attempt: null }] });
  return engine.refreshTimeout(tenantId, readTaskId(taskId), increment);
}

/** Does it unless the task is in the hands of a worker that this one may not speak for. */
async function ifItsOwn({ speaksFor }: WorkerCommands, taskId: string, work: () => Promise<void>): Promise<void> {
  try {
    if (speaksFor) await speaksFor({ attempts: [{ taskId, attempt: null }] });
  } catch (error) {
    return passOver("permission_denied")(error);
  }
  await work();
}

function passOver(code: HelveError["code"]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof HelveError) || error.code !== code) throw error;
  };
}
