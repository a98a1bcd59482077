import { parseArgs } from "node:util";

export interface Options {
  /** Names of sections; empty: those of the quick set, or all with `isLong`. */
  only: readonly string[];
  /** Also what takes more than some seconds, and larger counts. */
  isLong: boolean;
  /** Multiplies the rows that the `flat` section puts in place: 1 is ten million finished and a million queued ones. */
  scale: number;
  /** Repetitions whose median is shown. */
  runs: number;
  /** How long to wait before each section for a machine that has little else to do, in ms. */
  quietMs: number;
  /** Whether a file is written. */
  isKept: boolean;
  /** A file of results whose figures go into the page about performance; nothing is measured then. */
  publish: string | undefined;
}

export const USAGE = `Usage: npm run bench -- [options]

  --only NAMES  sections to run, separated by commas; --list names them
  --long        all sections, with their full counts
  --scale X     part of the ten million rows that section flat makes; default 1
  --runs N      repetitions whose median is shown; default 3
  --quiet MIN   wait up to so many minutes before each section until the machine has little else to do; default 0
  --no-file     only print
  --publish F   put the figures of the file F into docs/reference/performance.md, and measure nothing
  --list        name the sections
`;

/** @throws Error with a sentence about what is wrong with the arguments */
export function readOptions(args: readonly string[]): Options | "list" | "help" {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      only: { type: "string", default: "" },
      long: { type: "boolean", default: false },
      scale: { type: "string", default: "1" },
      runs: { type: "string", default: "3" },
      quiet: { type: "string", default: "0" },
      "no-file": { type: "boolean", default: false },
      publish: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.list) return "list";
  return {
    only: values.only.split(",").filter((name) => name !== ""),
    isLong: values.long,
    scale: positive("--scale", values.scale),
    runs: Math.ceil(positive("--runs", values.runs)),
    quietMs: values.quiet === "0" ? 0 : positive("--quiet", values.quiet) * 60_000,
    isKept: !values["no-file"],
    publish: values.publish,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} is '${text}': it must be a number above 0`);
  return value;
}
