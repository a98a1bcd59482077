import { hash } from "node:crypto";
import { type TSchema, Type } from "typebox";
import type { EventRecord, RunRecord, VersionRecord } from "../reading.ts";
import { displayName, Id, Time } from "./common.ts";
import { outputOf } from "./payloads.ts";
import { stepOfTask } from "./steps.ts";
import { between } from "./task-summary.ts";

/**
 * The list of events that people see, put together on reading. A task's row keeps the times of its latest attempt, which
 * make its ordinary events; the stored ones are what was out of the ordinary and the times of earlier attempts. Where
 * both tell the same, the stored one stands.
 */
export const EVENT_TYPES = [
  "REQUEUED_NO_WORKER",
  "REQUEUED_RATE_LIMIT",
  "SCHEDULING_TIMED_OUT",
  "ASSIGNED",
  "STARTED",
  "FINISHED",
  "FAILED",
  "RETRYING",
  "CANCELLED",
  "TIMED_OUT",
  "REASSIGNED",
  "SLOT_RELEASED",
  "TIMEOUT_REFRESHED",
  "RETRIED_BY_USER",
  "SENT_TO_WORKER",
  "RATE_LIMIT_ERROR",
  "ACKNOWLEDGED",
  "CREATED",
  "QUEUED",
  "SKIPPED",
  "WAITING_FOR_BATCH",
  "BATCH_FLUSHED",
  "COULD_NOT_SEND_TO_WORKER",
  "DURABLE_EVICTED",
  "DURABLE_RESTORING",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const TaskEventSchema: TSchema = Type.Object({
  id: Type.Integer(),
  taskId: Id,
  timestamp: Time,
  eventType: Type.Enum([...EVENT_TYPES]),
  message: Type.String(),
  errorMessage: Type.Optional(Type.String()),
  output: Type.Optional(Type.String({ description: "JSON text" })),
  workerId: Type.Optional(Id),
  taskDisplayName: Type.Optional(Type.String()),
  retryCount: Type.Optional(Type.Integer()),
  attempt: Type.Optional(Type.Integer()),
});

export interface TaskEvent {
  id: number;
  taskId: string;
  timestamp: Date;
  eventType: EventType;
  message: string;
  errorMessage: string;
  output: string | undefined;
  workerId: string | undefined;
  taskDisplayName: string;
  retryCount: number;
  attempt: number;
}

/** Events of one moment in the order in which they follow from each other. */
const ORDER: readonly EventType[] = [
  "RETRIED_BY_USER",
  "RETRYING",
  "QUEUED",
  "REQUEUED_NO_WORKER",
  "ASSIGNED",
  "SENT_TO_WORKER",
  "STARTED",
];
const ENDS: ReadonlySet<EventType> = new Set(["FAILED", "TIMED_OUT", "SCHEDULING_TIMED_OUT", "CANCELLED", "SKIPPED"]);
const OTHER_ENDS: ReadonlySet<EventType> = new Set(["FINISHED", "REASSIGNED"]);
const WITH_ERROR: ReadonlySet<EventType> = new Set(["FAILED", "TIMED_OUT", "SCHEDULING_TIMED_OUT"]);
const WITH_WORKER: ReadonlySet<EventType> = new Set(["ASSIGNED", "SENT_TO_WORKER"]);

/**
 * The events of tasks, newest first.
 *
 * @param stored    of these tasks
 * @param withOutput whether the end of a success carries what it gave
 */
export function taskEvents(
  tasks: readonly RunRecord[],
  stored: readonly EventRecord[],
  version: VersionRecord | undefined,
  withOutput: boolean,
): TaskEvent[] {
  const byTask = new Map<string, EventRecord[]>(tasks.map((task) => [task.id, []]));
  for (const event of stored) byTask.get(event.taskId)?.push(event);
  return tasks
    .flatMap((task) => eventsOfTask(task, byTask.get(task.id) as EventRecord[], version, withOutput))
    .sort((a, b) => -inOrder(a, b));
}

function eventsOfTask(
  task: RunRecord,
  stored: readonly EventRecord[],
  version: VersionRecord | undefined,
  withOutput: boolean,
): TaskEvent[] {
  const name = displayName(stepOfTask(version, task.id)?.task.readableId ?? "task", task.id);
  const event = (type: EventType, at: Date, attempt: number, given: Partial<TaskEvent> = {}): TaskEvent => ({
    id: derivedId(task.id, attempt, type),
    taskId: task.id,
    timestamp: at,
    eventType: type,
    message: "",
    errorMessage: "",
    output: withOutput ? "" : undefined,
    workerId: undefined,
    taskDisplayName: name,
    retryCount: attempt - 1,
    attempt,
    ...given,
  });

  const events = stored.map((one) => {
    const type = wireType(one.kind);
    const isError = WITH_ERROR.has(type);
    return event(type, one.at, Math.max(one.attempt, 1), {
      id: one.id,
      message: isError ? "" : messageOf(one),
      errorMessage: isError ? one.message : "",
      workerId: WITH_WORKER.has(type) ? (one.workerId ?? undefined) : undefined,
    });
  });
  const add = (type: EventType, at: Date | null, attempt: number, given: Partial<TaskEvent> = {}) => {
    const isTold = events.some((one) => one.eventType === type && one.attempt === attempt);
    if (at !== null && !isTold) events.push(event(type, at, attempt, given));
  };

  const workerId = task.workerId ?? undefined;
  add("QUEUED", task.queuedAt, task.assignedAt ? Math.max(task.attempt, 1) : task.attempt + 1);
  add("ASSIGNED", task.assignedAt, task.attempt, { workerId });
  add("STARTED", task.startedAt, task.attempt);
  addEnd(task, events, add, withOutput);
  for (const one of events.filter(({ eventType }) => eventType === "ASSIGNED")) {
    add("SENT_TO_WORKER", one.timestamp, one.attempt, { message: "Sent to its worker.", workerId: one.workerId });
  }
  return events.map((one) => (one.eventType === "STARTED" ? keptInItsAttempt(one, events) : one));
}

/** The start of an attempt, which a replica measured, between its hand-out and its end, which the database did. */
function keptInItsAttempt(start: TaskEvent, events: readonly TaskEvent[]): TaskEvent {
  const ofAttempt = events.filter((one) => one.attempt === start.attempt);
  const handOut = ofAttempt.find((one) => one.eventType === "ASSIGNED");
  const end = ofAttempt.find(({ eventType }) => ENDS.has(eventType) || OTHER_ENDS.has(eventType));
  return { ...start, timestamp: between(start.timestamp, handOut?.timestamp, end?.timestamp) };
}

function addEnd(
  task: RunRecord,
  events: readonly TaskEvent[],
  add: (type: EventType, at: Date | null, attempt: number, given?: Partial<TaskEvent>) => void,
  withOutput: boolean,
): void {
  const attempt = Math.max(task.attempt, 1);
  if (task.status === "succeeded") {
    add("FINISHED", task.finishedAt, attempt, withOutput ? { output: outputOf(task).text } : {});
    return;
  }
  if (events.some((one) => one.attempt === attempt && ENDS.has(one.eventType))) return;
  if (task.status === "failed") add("FAILED", task.finishedAt, attempt, { errorMessage: task.error ?? "" });
  if (task.status === "cancelled") add("CANCELLED", task.finishedAt, attempt, { message: task.error ?? "" });
  if (task.status === "skipped") add("SKIPPED", task.finishedAt, attempt);
}

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

/**
 * Clients raise on a type that they do not know, so what is ours alone, such as a late report, shows as "acknowledged":
 * something came from the worker, and the message says what.
 */
function wireType(kind: string): EventType {
  const type = kind.toUpperCase();
  return KNOWN.has(type) ? (type as EventType) : "ACKNOWLEDGED";
}

function messageOf({ kind, message }: EventRecord): string {
  if (KNOWN.has(kind.toUpperCase())) return message;
  const words = kind.replaceAll("_", " ");
  return `${words[0]?.toUpperCase()}${words.slice(1)}: ${message}`;
}

function inOrder(a: TaskEvent, b: TaskEvent): number {
  const byTime = a.timestamp.getTime() - b.timestamp.getTime();
  if (byTime !== 0) return byTime;
  if (a.taskId !== b.taskId) return a.taskId < b.taskId ? -1 : 1;
  return a.attempt - b.attempt || rank(a.eventType) - rank(b.eventType) || a.id - b.id;
}

function rank(type: EventType): number {
  const place = ORDER.indexOf(type);
  return place === -1 ? ORDER.length : place;
}

/** A number for an event that has no row: always the same one, and below 2^53. */
function derivedId(taskId: string, attempt: number, type: EventType): number {
  return Number.parseInt(hash("sha256", `${taskId}/${attempt}/${type}`).slice(0, 13), 16);
}
