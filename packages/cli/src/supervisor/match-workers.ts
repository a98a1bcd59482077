import type { Worker } from "../engine/workers.ts";

/** The label by which a worker says which copy it runs in. */
export const COPY_LABEL = "helve-copy";
/** What Go's SDK calls the label that it takes from its environment. */
const GO_LABEL = "hatchet-autoscaling-target";

/** A copy, as far as it takes to find its workers. */
export interface Seeker {
  /** Its mark, of which there is no second. */
  readonly tag: string;
  /** The workers there were before it was started; undefined when the engine could not be asked. */
  readonly before: ReadonlySet<string> | undefined;
  /** Those that are known to be its own. */
  readonly workerIds: ReadonlySet<string>;
}

export interface Match {
  readonly workerId: string;
  readonly by: "label" | "time";
}

/**
 * Which of the listed workers run in a copy. A label decides. Without one it is the worker that was not there before the
 * copy was started, that nobody else has and that has the expected name, if it is the only such worker: of two it cannot
 * be said whose they are, and a wrong guess would pause or restart what works.
 *
 * @param others ids that belong to other copies
 */
export function matchWorkers(
  seeker: Seeker,
  workers: readonly Worker[],
  others: ReadonlySet<string>,
  workerName: string | undefined,
): Match[] {
  const labelled = workers.filter((worker) => tagOf(worker) === seeker.tag);
  if (labelled.length > 0) return labelled.map((worker) => ({ workerId: worker.metadata.id, by: "label" }));
  const { before, workerIds } = seeker;
  if (before === undefined || workerIds.size > 0) return [];
  const candidates = workers.filter(
    (worker) =>
      tagOf(worker) === undefined &&
      worker.status !== "INACTIVE" &&
      !before.has(worker.metadata.id) &&
      !others.has(worker.metadata.id) &&
      (workerName === undefined || worker.name === workerName),
  );
  const [only, ...more] = candidates;
  return only && more.length === 0 ? [{ workerId: only.metadata.id, by: "time" }] : [];
}

/**
 * What a copy finds in its environment, so that its worker carries the label. SDKs for Python (1.x) and Go read these
 * variables; a program of any other can hand HELVE_COPY on as the label itself.
 */
export function markingVariables(
  tag: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return {
    HELVE_COPY: tag,
    ...(!env.HATCHET_CLIENT_WORKER_PRESET_LABELS && {
      HATCHET_CLIENT_WORKER_PRESET_LABELS: JSON.stringify({ [COPY_LABEL]: tag }),
    }),
    ...(!env.HATCHET_CLIENT_AUTOSCALING_TARGET && { HATCHET_CLIENT_AUTOSCALING_TARGET: tag }),
  };
}

function tagOf({ labels = [] }: Worker): string | undefined {
  const label = labels.find(({ key }) => key === COPY_LABEL) ?? labels.find(({ key }) => key === GO_LABEL);
  return label?.value;
}
