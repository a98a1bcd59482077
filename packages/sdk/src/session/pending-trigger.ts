import type { helve } from "@helve/contracts";
import type { HelveError } from "../errors.ts";

/** Runs to be started together, and whom to tell. Exactly one of the two callbacks is called, once. */
export interface TriggerOrder {
  runs: helve.Trigger[];
  /** Whether the results are wanted as well. */
  wait: boolean;
  /** Called before any of the runs can be reported as ended. `runIds` is in the order of `runs`. */
  started(runIds: string[]): void;
  refused(error: HelveError): void;
}

/** An order on its way, with the number it has on the stream. */
export interface PendingTrigger {
  readonly order: TriggerOrder;
  readonly request: number;
  /** Characters in it: what it adds to a frame, at least. */
  readonly size: number;
  /** By the monotonic clock. */
  readonly givenAt: number;
  /** Whether it was written to a stream before, and may have been carried out. */
  wasSent: boolean;
  /** Answers of the engine that it could not do it just now. */
  refusals: number;
  /** Whether it waits, after such an answer, to be sent again. */
  isDelayed: boolean;
}

/** Characters of a trigger; the engine's limit is in bytes, of which a character may take three. */
export function triggerSize(trigger: helve.Trigger): number {
  return trigger.input.length + trigger.metadata.length + trigger.workflow.length + (trigger.childKey?.length ?? 0);
}
