import { v1 } from "@helve/contracts";
import type { LabelRegistration } from "@helve/core";
import { enumWord } from "./enum-word.ts";

/** Worker labels that a task wants, which both forms of registration write alike. */
export function readDesiredLabels(labels: {
  readonly [key: string]: v1.DesiredWorkerLabels;
}): Record<string, LabelRegistration> {
  const read = ({ strValue, intValue, required, comparator, weight }: v1.DesiredWorkerLabels): LabelRegistration => ({
    strValue,
    intValue,
    required,
    comparator: enumWord(v1.WorkerLabelComparator, comparator),
    weight,
  });
  return Object.fromEntries(Object.entries(labels).map(([key, label]) => [key, read(label)]));
}
