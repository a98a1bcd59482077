import { fileURLToPath } from "node:url";
import { pythonOf } from "./python.ts";

/** What not every client can say. */
export type Ability =
  /** Ask for the output of a standalone task without its name around it. */
  | "standalone"
  /** Send an input that is no object. */
  | "any-input"
  /** Send integers beyond 2^53. */
  | "large-integers"
  /** Mark an error as not worth a retry. */
  | "non-retryable"
  /** Get, list, cancel and replay runs, and list their log lines, over REST. */
  | "run-routes"
  /** Wait by polling the run's details. */
  | "polling";

/** A published client and our two programs that use it: one works, one triggers and awaits. */
export interface Client {
  /** As people know it. */
  title: string;
  /** Begins the names of what its tests make. */
  tag: string;
  can: ReadonlySet<Ability>;
  worker: { command: string; args: string[] };
  caller: { command: string; args: string[] };
  /** How its programs name a workflow: TypeScript lowers everything, Python keeps the case. */
  workflowName(prefix: string, base: string): string;
  /** What the awaiting program gets for each `kind` of output: the run's result, or the error's text. */
  outputs: Readonly<Record<string, { result: unknown } | { error: RegExp }>>;
}

const NUL = { error: /null character/i };

function programs(
  folder: string,
  command: string,
  args: string[],
  suffix: string,
  more: string[] = [],
): Pick<Client, "worker" | "caller"> {
  const program = (file: string): Client["worker"] => {
    const path = fileURLToPath(new URL(`../clients/${folder}/${file}${suffix}`, import.meta.url));
    return { command, args: [...args, path, ...more] };
  };
  return { worker: program("worker"), caller: program("caller") };
}

export const TYPESCRIPT: Client = {
  title: "TypeScript client 1.33.2",
  tag: "ts",
  can: new Set(["standalone", "any-input", "non-retryable", "run-routes"]),
  ...programs("typescript", process.execPath, ["--import", "tsx"], ".ts"),
  workflowName: (prefix, base) => `${prefix}-${base}`,
  outputs: {
    array: { result: { shape: [1, 2, { a: 1 }] } },
    number: { result: { shape: 42 } },
    string: { result: { shape: "plain" } },
    null: { result: { shape: null } },
    nothing: { result: { shape: null } },
    boolean: { result: { shape: true } },
    empty: { result: { shape: {} } },
    nul: NUL,
  },
};

/** The first release that is supported, of those at hand: docs/reference/compatibility.md has the range. */
export const TYPESCRIPT_OLDEST: Client = {
  ...TYPESCRIPT,
  title: "TypeScript client 1.18.0",
  tag: "tsold",
  ...programs("typescript", process.execPath, ["--import", "tsx"], ".ts", ["--oldest"]),
};

/** The SDK of this repository, with the programs of the published one. */
export const OURS: Client = {
  ...TYPESCRIPT,
  title: "our SDK",
  tag: "our",
  // An input that is no object arrives as it was sent, and a list is as many runs.
  can: new Set(["standalone", "non-retryable", "run-routes"]),
  ...programs("typescript", process.execPath, ["--conditions=source", "--import", "tsx"], ".ts", ["--ours"]),
};

const NO_OBJECT = { error: /Tasks must return either a dictionary/ };

export const PYTHON_V1: Client = {
  title: "Python client 1.43.1",
  tag: "py1",
  can: new Set(["standalone", "large-integers", "non-retryable", "run-routes", "polling"]),
  ...programs("python-v1", pythonOf("v1"), [], ".py"),
  workflowName: capitalised,
  // This client reports every falsy output as an empty text, and leaves tasks without output out of a result.
  outputs: {
    array: NO_OBJECT,
    number: NO_OBJECT,
    string: NO_OBJECT,
    null: { result: {} },
    nothing: { result: {} },
    boolean: NO_OBJECT,
    empty: { result: {} },
    nul: NUL,
  },
};

/** The first release that is supported. */
export const PYTHON_V1_OLDEST: Client = {
  ...PYTHON_V1,
  title: "Python client 1.29.0",
  tag: "py1old",
  ...programs("python-v1", pythonOf("v1-oldest"), [], ".py"),
};

export const PYTHON_V0: Client = {
  title: "Python client 0.47.1",
  tag: "py0",
  can: new Set(["large-integers"]),
  ...programs("python-v0", pythonOf("v0"), [], ".py"),
  workflowName: capitalised,
  outputs: {
    array: { result: { shape: [1, 2, { a: 1 }] } },
    number: { result: { shape: 42 } },
    string: { result: { shape: "plain" } },
    null: { result: {} },
    nothing: { result: {} },
    boolean: { result: { shape: true } },
    empty: { result: { shape: {} } },
    nul: NUL,
  },
};

function capitalised(prefix: string, base: string): string {
  return `${prefix}-${base[0]?.toUpperCase()}${base.slice(1)}`;
}
