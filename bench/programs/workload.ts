import type { Declared, Loose, Sdk } from "./sdk.ts";

/** The workflows that everything is measured with. Retries, time-outs, leases and history are on in all of them. */
export interface Workload {
  noop: Declared;
  /** Tells when its code starts. */
  stamp: Declared;
  /** Starts the next of its kind until `left` is 0. */
  hop: Declared;
  /** Gives back what it was given. */
  echo: Declared;
  /** Starts `count` children and waits for all. */
  fan: Declared;
  /** A, then B and C, then D. */
  diamond: Declared;
  /** One, then 498 side by side, then one. */
  wide: Declared;
}

export const WIDE_TASKS = 500;

/** What the worker's process is told by the code of its tasks. */
export interface Listener {
  started(input: Loose): void;
  finished(): void;
}

const LIMITS = { retries: 3, executionTimeout: "60s", scheduleTimeout: "30m" } as const;

/** Declares the workload; a client that only triggers passes a listener that does nothing. */
export function declareWorkload(sdk: Sdk, listener: Listener): Workload {
  const task = (name: string, fn: (input: Loose) => Loose): Declared => sdk.task({ name, ...LIMITS, fn });
  const noop = task("bench-noop", () => {
    listener.finished();
    return { ok: true };
  });
  const hop: Declared = task("bench-hop", async (input) => {
    listener.started(input);
    if (input.left > 0) await hop.runNoWait({ left: input.left - 1 });
    return { left: input.left };
  });
  const step = () => {
    listener.finished();
    return { ok: true };
  };
  return {
    noop,
    hop,
    stamp: task("bench-stamp", (input) => {
      listener.started(input);
      return { ok: true };
    }),
    echo: task("bench-echo", (input) => {
      listener.finished();
      return input;
    }),
    fan: task("bench-fan", async ({ count }) => {
      const results = await noop.run(Array.from({ length: count }, (_, n) => ({ n })));
      return { count: results.length };
    }),
    diamond: diamond(sdk, step),
    wide: wide(sdk, step),
  };
}

function diamond(sdk: Sdk, step: () => Loose): Declared {
  const workflow = sdk.workflow({ name: "bench-diamond" });
  const a = workflow.task({ name: "a", ...LIMITS, fn: step });
  const b = workflow.task({ name: "b", ...LIMITS, parents: [a], fn: step });
  const c = workflow.task({ name: "c", ...LIMITS, parents: [a], fn: step });
  workflow.task({ name: "d", ...LIMITS, parents: [b, c], fn: step });
  return workflow;
}

function wide(sdk: Sdk, step: () => Loose): Declared {
  const workflow = sdk.workflow({ name: "bench-wide" });
  const first = workflow.task({ name: "first", ...LIMITS, fn: step });
  const middle = Array.from({ length: WIDE_TASKS - 2 }, (_, n) =>
    workflow.task({ name: `middle-${n}`, ...LIMITS, parents: [first], fn: step }),
  );
  workflow.task({ name: "last", ...LIMITS, parents: middle, fn: step });
  return workflow;
}
