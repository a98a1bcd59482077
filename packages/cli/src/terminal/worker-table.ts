import { VERSION_LABELS } from "../engine/worker-choice.ts";
import { stateOf, type Worker } from "../engine/workers.ts";
import type { Output } from "../io.ts";
import { printable, type Style } from "./style.ts";
import { table } from "./table.ts";

const STYLES: Readonly<Record<ReturnType<typeof stateOf>, Style>> = {
  active: "green",
  late: "yellow",
  paused: "yellow",
  inactive: "dim",
  quarantined: "red",
};

/** Workers in columns; below them, why those are quarantined that are, and what is to be said of SDKs. */
export function workerTable(rows: readonly Worker[], output: Output, nowMs: number): string {
  const list = table<Worker>(
    [
      { title: "WORKER", text: (worker) => worker.metadata.id },
      { title: "NAME", text: (worker) => worker.name, shrinksTo: 8 },
      { title: "STATE", text: stateOf, style: (worker) => STYLES[stateOf(worker)] },
      { title: "SLOTS", text: slotsOf, isNumber: true },
      {
        title: "SDK",
        text: sdkOf,
        style: ({ versionProblem }) => (versionProblem === undefined ? undefined : "yellow"),
      },
      { title: "LANGUAGE", text: languageOf },
      { title: "OS", text: ({ runtimeInfo }) => runtimeInfo?.os ?? "", shrinksTo: 5 },
      ...(rows.some(buildOf)
        ? [{ title: "BUILD", text: (worker: Worker) => buildOf(worker) ?? "", shrinksTo: 8 }]
        : []),
      { title: "HEARTBEAT", text: (worker) => secondsSince(worker.lastHeartbeatAt, nowMs), isNumber: true },
    ],
    rows,
    output,
  );
  const reasons = rows
    .filter((worker) => worker.quarantineReason !== undefined)
    .map((worker) => `${worker.metadata.id} is quarantined: ${printable(worker.quarantineReason ?? "")}\n`);
  const outOfRange = rows
    .filter((worker) => worker.versionProblem !== undefined)
    .map((worker) => `${worker.metadata.id}: ${printable(worker.versionProblem ?? "")}\n`);
  return list + [...reasons, ...outOfRange].join("");
}

/** Slots that are taken of all there are; by kind where there is more than one kind. */
export function slotsOf({ slotConfig = {} }: Worker): string {
  const kinds = Object.entries(slotConfig);
  return kinds
    .map(([kind, { available, limit }]) => {
      const count = available === undefined ? `?/${limit}` : `${limit - available}/${limit}`;
      return kinds.length > 1 ? `${kind} ${count}` : count;
    })
    .join(", ");
}

const LANGUAGES: Readonly<Record<string, string>> = {
  GOLANG: "Go",
  PYTHON: "Python",
  TYPESCRIPT: "TypeScript",
  RUBY: "Ruby",
};

/** Ours counts its versions apart from those of the published one for the same language. */
function sdkOf({ runtimeInfo: { sdkVersion = "", runtimeExtra = "" } = {} }: Worker): string {
  return runtimeExtra === "helve.v1" ? `helve ${sdkVersion}` : sdkVersion;
}

function buildOf({ labels = [] }: Worker): string | undefined {
  const [build] = VERSION_LABELS.flatMap((label) => labels.find(({ key }) => key === label) ?? []);
  return build?.value || undefined;
}

function languageOf({ runtimeInfo: { language = "", languageVersion = "" } = {} }: Worker): string {
  return `${LANGUAGES[language] ?? language} ${languageVersion.replace(/^(v|go)/, "")}`.trim();
}

function secondsSince(time: string | undefined, nowMs: number): string {
  return time === undefined ? "" : `${Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000))} s`;
}
