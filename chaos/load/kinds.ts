import type { Random } from "../plan/random.ts";

/** How a run of a workflow ends when nobody cancels it. */
export interface Promised {
  status: "succeeded" | "failed";
  /** Rows that it has in history. */
  tasks: number;
  /** Runs that its task starts. */
  children: number;
}

export type KindName = "quick" | "patient" | "flaky" | "doomed" | "stuck" | "family" | "diamond";

export const KINDS: Readonly<Record<KindName, Promised>> = {
  quick: { status: "succeeded", tasks: 1, children: 0 },
  patient: { status: "succeeded", tasks: 1, children: 0 },
  flaky: { status: "succeeded", tasks: 1, children: 0 },
  doomed: { status: "failed", tasks: 1, children: 0 },
  stuck: { status: "failed", tasks: 1, children: 0 },
  family: { status: "succeeded", tasks: 1, children: 3 },
  diamond: { status: "succeeded", tasks: 4, children: 0 },
};

/** A run to be triggered. */
export interface Order {
  kind: KindName;
  input: { ms: number };
  /** Cancelled so long after it was acknowledged. */
  cancelAfterMs: number | undefined;
}

/** Of a hundred runs: most are short, some are not, some fail, a few are cancelled. */
export function drawOrder(random: Random): Order {
  const of = (kind: KindName, fromMs: number, toMs: number): Order => ({
    kind,
    input: { ms: random.between(fromMs, toMs) },
    cancelAfterMs: undefined,
  });
  const dice = random.between(1, 100);
  if (dice <= 60) return of("quick", 0, 40);
  if (dice <= 68) return of("flaky", 0, 50);
  if (dice <= 73) return of("doomed", 0, 1);
  if (dice <= 75) return of("stuck", 0, 1);
  if (dice <= 81) return of("family", 0, 100);
  if (dice <= 91) return of("diamond", 0, 100);
  if (dice <= 96) return of("patient", 1_000, 4_000);
  return { ...of("patient", 2_000, 10_000), cancelAfterMs: random.between(0, 2_000) };
}
