import type { Fleet } from "../engine/workers.ts";
import type { CopyLimits } from "./copy-verdict.ts";
import type { Guard } from "./guard.ts";
import type { RestartPolicy } from "./restart-policy.ts";

export interface SupervisorOptions {
  /** What copies are called in what is said. */
  readonly name: string;
  readonly command: readonly string[];
  readonly copies: number;
  /** The name that the program gives its worker, if that is known. */
  readonly workerName: string | undefined;
  /** How long a copy may take to end. */
  readonly graceMs: number;
  readonly limits: CopyLimits;
  readonly policy: RestartPolicy;
  /** After a crash: start it again, or wait until `restart` is called. */
  readonly onCrash: "restart" | "wait";
}

export interface SupervisorDeps {
  readonly fleet: Fleet;
  readonly guard: Guard;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the supervisor has to say. */
  say(text: string): void;
  /** A line that a copy wrote. */
  onLine(copy: string, stream: "out" | "err", line: string): void;
}
