import type { Acknowledged } from "../load/caller.ts";
import { KINDS, type Promised } from "../load/kinds.ts";
import type { Journal, JournalLine } from "./journal.ts";
import { runIdOf, type Stored, type StoredTask } from "./stored.ts";

/** A published client tries for some 13 s to tell an engine of a start, and then fails the task with what it met. */
const GAVE_UP_REPORTING = "/Dispatcher/SendStepActionEvent UNAVAILABLE";

/** All that is known about a round when everything should be over. */
export interface Evidence {
  acknowledged: readonly Acknowledged[];
  stored: Stored;
  journals: readonly Journal[];
}

/**
 * What callers were told, what workers did and what is stored must be one story:
 *
 * - every run that was acknowledged has ended, as its kind promises or cancelled by a caller, and its caller was told so;
 * - the code of one attempt starts once and ends once, and the stored attempt is the highest that ever started;
 * - what is stored as succeeded is what the code of that attempt gave;
 * - a task starts after its parents have ended well, and a task that starts children has each once;
 * - no worker has more in hand than slots.
 *
 * @returns what is not so, in sentences
 */
export function judge(evidence: Evidence): string[] {
  return [
    ...evidence.stored.unfinished.map((line) => `has not ended: ${line}`),
    ...judgeRuns(evidence),
    ...judgeTold(evidence),
    ...judgeAttempts(evidence),
    ...judgeOrder(evidence),
    ...evidence.journals.flatMap(judgeSlots),
  ];
}

function judgeRuns({ acknowledged, stored }: Evidence): string[] {
  const wrong: string[] = [];
  const byRun = groupBy(stored.tasks, ({ id }) => runIdOf(id));
  const known = new Map(acknowledged.map((run) => [run.runId, run]));
  const statusOfRun = new Map(stored.runs.map(({ id, status }) => [id, status]));
  const children = groupBy(stored.tasks, ({ parentTaskId }) => parentTaskId);
  for (const { runId, kind } of acknowledged) {
    if (!byRun.has(runId)) wrong.push(`run ${runId} (${kind}) was acknowledged and is not there`);
  }
  for (const [runId, tasks] of byRun) {
    const workflow = (tasks[0] as StoredTask).workflow;
    const promised = (KINDS as Readonly<Record<string, Promised>>)[workflow];
    if (!promised) continue;
    const name = `run ${runId} (${workflow})`;
    if (tasks.length !== promised.tasks) wrong.push(`${name} has ${tasks.length} tasks in history`);
    const status = promised.tasks > 1 ? statusOfRun.get(runId) : (tasks[0] as StoredTask).status;
    if (status === "failed" && tasks.some(({ error }) => error?.includes(GAVE_UP_REPORTING))) continue;
    if (!mayEndSo(status, promised, known.get(runId))) {
      wrong.push(`${name} ended as ${status} ${tasks.map(({ error }) => error ?? "").join(" ")}`);
    }
    const started = tasks.flatMap(({ id }) => children.get(id) ?? []).length;
    if (started !== promised.children) wrong.push(`${name} has ${started} children`);
  }
  return wrong;
}

function mayEndSo(status: string | undefined, promised: Promised, run: Acknowledged | undefined): boolean {
  const cancel = run?.cancel ?? "none";
  if (status === "cancelled") return cancel !== "none";
  // What the engine says it has cancelled has ended so.
  return status === promised.status && !(typeof cancel === "object" && cancel.cancelled.length > 0);
}

function judgeTold({ acknowledged, stored }: Evidence): string[] {
  const byRun = groupBy(stored.tasks, ({ id }) => runIdOf(id));
  return acknowledged.flatMap(({ runId, kind, told }) => {
    const tasks = byRun.get(runId) ?? [];
    const name = `the caller of run ${runId} (${kind})`;
    if (told === undefined) return [`${name} was never told its end`];
    if ("error" in told) return [`${name} was told: ${told.error}`];
    if (told.status !== "succeeded")
      return tasks.some(({ status }) => status === told.status) ? [] : [`${name} was told ${told.status}`];
    const outputs = Object.values(told.output as object).map((output) => JSON.stringify(output));
    const kept = tasks.map(({ output }) => JSON.stringify(JSON.parse(output ?? "null")));
    const isSame = outputs.sort().join() === kept.sort().join();
    return isSame ? [] : [`${name} was told ${outputs.join()}, stored is ${kept.join()}`];
  });
}

function judgeAttempts({ stored, journals }: Evidence): string[] {
  const wrong: string[] = [];
  const byId = new Map(stored.tasks.map((task) => [task.id, task]));
  const starts = new Map<string, string>();
  const ends = new Map<string, { worker: string; what: JournalLine["what"] }>();
  for (const { worker, lines } of journals) {
    for (const { what, task, attempt } of lines) {
      const key = `${task} attempt ${attempt}`;
      if (what === "started") {
        const before = starts.get(key);
        if (before !== undefined) wrong.push(`${key} started on ${before} and again on ${worker}`);
        starts.set(key, worker);
        const known = byId.get(task);
        if (known && known.attempt < attempt) wrong.push(`${key} started, stored is attempt ${known.attempt}`);
      } else if (what !== "given up") {
        if (ends.has(key)) wrong.push(`the code of ${key} ended twice`);
        ends.set(key, { worker, what });
      }
    }
  }
  for (const { id, attempt, status, output } of stored.tasks) {
    if (status !== "succeeded") continue;
    const end = ends.get(`${id} attempt ${attempt}`);
    if (end?.what !== "returned")
      wrong.push(`${id} attempt ${attempt} is stored as succeeded; its code ${end?.what ?? "did not end"}`);
    const given = JSON.parse(output ?? "null") as { by?: string; attempt?: number } | null;
    if (given?.by !== end?.worker || given?.attempt !== attempt)
      wrong.push(`${id} attempt ${attempt} has the output ${output}`);
  }
  return wrong;
}

/** Tasks of a diamond are numbered from 1: a, b, c, d. */
function judgeOrder({ stored, journals }: Evidence): string[] {
  const attempts = new Map(stored.tasks.map(({ id, attempt }) => [id, attempt]));
  const lines = journals.flatMap((journal) => journal.lines);
  const endedAt = new Map(
    lines
      .filter(({ what, task, attempt }) => what === "returned" && attempts.get(task) === attempt)
      .map((line) => [line.task, line.at]),
  );
  return lines.flatMap(({ what, task, at }) => {
    if (what !== "started") return [];
    const place = Number.parseInt(task.slice(-4), 16);
    const parents = ({ 2: [1], 3: [1], 4: [2, 3] } as Record<number, number[]>)[place] ?? [];
    const late = parents.filter(
      (parent) => (endedAt.get(`${task.slice(0, -4)}000${parent}`) ?? Number.POSITIVE_INFINITY) > at,
    );
    return late.map((parent) => `task ${task} started before its parent ${parent} had ended`);
  });
}

/** An attempt that was given up counts no more: its code ends as soon as it hears of it. */
function judgeSlots({ worker, slots = Number.POSITIVE_INFINITY, lines }: Journal): string[] {
  const inHand = new Set<string>();
  for (const { what, task, attempt } of lines) {
    const key = `${task} attempt ${attempt}`;
    if (what === "started") inHand.add(key);
    else inHand.delete(key);
    if (inHand.size > slots) return [`${worker} had ${inHand.size} tasks in hand and has ${slots} slots`];
  }
  return [];
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
