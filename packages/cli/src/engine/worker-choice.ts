import { UsageError } from "../exit-codes.ts";
import type { Worker } from "./workers.ts";

/** Which workers a person means; whatever is undefined or empty does not narrow. */
export interface WorkerWish {
  readonly ids: readonly string[];
  readonly name: string | undefined;
  /** `KEY=VALUE` */
  readonly label: string | undefined;
  /** Of one of {@link VERSION_LABELS}. */
  readonly version: string | undefined;
}

/** By which a worker says what build it is: the one that our SDK sets from HELVE_BUILD, then the one people set themselves. */
export const VERSION_LABELS: readonly string[] = ["helve-build", "version"];

/** @throws UsageError for an id that no listed worker has, so that nobody believes it was paused, and for a bad label */
export function chooseWorkers(list: readonly Worker[], { ids, name, label, version }: WorkerWish): Worker[] {
  const [, key, value] = label === undefined ? [] : (/^([^=]+)=(.*)$/s.exec(label) ?? []);
  if (label !== undefined && key === undefined) throw new UsageError(`--label is '${label}': it must be KEY=VALUE`);
  const unknown = ids.find((id) => !list.some((worker) => worker.metadata.id === id));
  if (unknown !== undefined) throw new UsageError(`no worker of the last day has the id '${unknown}'`);
  return list.filter(
    (worker) =>
      (ids.length === 0 || ids.includes(worker.metadata.id)) &&
      (name === undefined || worker.name === name) &&
      (key === undefined || worker.labels?.some((one) => one.key === key && one.value === value)) &&
      (version === undefined ||
        worker.labels?.some((one) => VERSION_LABELS.includes(one.key) && one.value === version)),
  );
}
