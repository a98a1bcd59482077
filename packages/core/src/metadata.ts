import { hash } from "node:crypto";
import type { RunId, TaskRunId } from "./ids.ts";
import { type JsonMember, jsonMembers } from "./json-members.ts";
import { opensObject } from "./json-text.ts";

/**
 * Additional metadata of a run: the text of a JSON object that belongs to the user. The engine adds members to it and
 * leaves the user's own as they were written, to the digit.
 *
 * Every text that comes in here is empty or has passed `checkJson`.
 */

/** Keys that begin so are the engine's; children do not inherit them. */
export const RESERVED_PREFIX = "hatchet__";
const PARENT_RUN_KEY = "hatchet__parent_workflow_run_id";
const PARENT_TASK_KEY = "hatchet__parent_step_run_id";
const TRACEPARENT = "traceparent";

/** version, trace id, span id, flags; version ff and ids of zeros are not valid. Source: W3C Trace Context, level 1. */
const TRACEPARENT_VALUE = /^"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"$/;

/**
 * The metadata of a run, so completed that it can be traced: with a W3C `traceparent` of this run where the user gave
 * none or a malformed one. What is no JSON object is replaced by an object with that member alone.
 *
 * The same run id gives the same value, so a trigger that is tried again is the same trace. Called for every run: the
 * usual text is looked through once and gets one member appended (about 1 µs).
 */
export function withTraceparent(metadata: string, runId: RunId): string {
  if (metadata === "" || metadata === "{}" || !opensObject(metadata)) return `{${traceparentMember(runId)}}`;
  // A key can also be spelled with \u escapes; a text without either holds none.
  if (!metadata.includes(TRACEPARENT) && !metadata.includes("\\u")) return append(metadata, traceparentMember(runId));

  const members = jsonMembers(metadata);
  const given = members.findLast((member) => member.key === TRACEPARENT);
  if (given === undefined) return append(metadata, traceparentMember(runId));
  if (TRACEPARENT_VALUE.test(given.rawValue)) return metadata;
  const others = members.filter((member) => member.key !== TRACEPARENT);
  return `{${[...others.map(memberText), traceparentMember(runId)].join(",")}}`;
}

/** Where a span stands: W3C Trace Context without its version. */
export interface TraceContext {
  traceId: string;
  spanId: string;
  isSampled: boolean;
}

/** What the metadata of a run says it is part of; undefined when there is no traceparent, or a malformed one. */
export function traceContextOf(metadata: string): TraceContext | undefined {
  const member = membersOf(metadata).findLast(({ key }) => key === TRACEPARENT);
  if (member === undefined || !TRACEPARENT_VALUE.test(member.rawValue)) return undefined;
  const [, traceId = "", spanId = "", flags = ""] = JSON.parse(member.rawValue).split("-");
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/**
 * The span that stands for a run. A run that came without a trace has its traceparent of it, so whoever takes that for a
 * parent stands below the run.
 */
export function runTraceContext(runId: RunId): TraceContext {
  const digest = hash("sha256", runId);
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), isSampled: true };
}

export interface ChildMetadata {
  parentMetadata: string;
  ownMetadata: string;
  parentRunId: RunId;
  parentTaskRunId: TaskRunId;
}

/**
 * The metadata of a run that was started by a task: the parent run's without its reserved keys, overlaid by the child's
 * own, then the ids of the parent. A key that stands in both keeps the parent's place. The parent's `traceparent` is
 * inherited, so parent and child are one trace.
 */
export function childMetadata({ parentMetadata, ownMetadata, parentRunId, parentTaskRunId }: ChildMetadata): string {
  const members = new Map<string, string>();
  for (const member of membersOf(parentMetadata)) {
    if (!member.key.startsWith(RESERVED_PREFIX)) members.set(member.key, memberText(member));
  }
  for (const member of membersOf(ownMetadata)) members.set(member.key, memberText(member));
  members.set(PARENT_RUN_KEY, `"${PARENT_RUN_KEY}":"${parentRunId}"`);
  members.set(PARENT_TASK_KEY, `"${PARENT_TASK_KEY}":"${parentTaskRunId}"`);
  return `{${[...members.values()].join(",")}}`;
}

function membersOf(metadata: string): JsonMember[] {
  return opensObject(metadata) ? jsonMembers(metadata) : [];
}

function memberText({ rawKey, rawValue }: JsonMember): string {
  return `${rawKey}:${rawValue}`;
}

/** Puts a member behind the last one of an object's text. */
function append(object: string, member: string): string {
  const close = object.lastIndexOf("}");
  const body = object.slice(0, close).trimEnd();
  return `${body}${body.endsWith("{") ? "" : ","}${member}}`;
}

/**
 * A run id is time in front and zeros at the end, and tracers sample by the value of a trace id. So both ids of the
 * traceparent are cut from a hash of it.
 */
function traceparentMember(runId: RunId): string {
  const { traceId, spanId } = runTraceContext(runId);
  return `"${TRACEPARENT}":"00-${traceId}-${spanId}-01"`;
}
