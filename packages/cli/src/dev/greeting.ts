import { homedir } from "node:os";
import { join } from "node:path";
import { dashboardLink } from "../engine/dashboard-link.ts";
import type { Output } from "../io.ts";
import { SAMPLE_WORKFLOW } from "../sample/sample-order.ts";
import { painter } from "../terminal/style.ts";
import { duration } from "../terminal/time.ts";

/** What is to be told of an engine that has started. */
export interface Started {
  readonly grpcAddress: string;
  readonly httpUrl: string;
  /** Undefined: the database is somebody else's. */
  readonly dataDir: string | undefined;
  readonly workerPid: number | undefined;
  readonly afterMs: number;
}

/** Where everything listens. */
export function addressLines(started: Started, output: Output): string[] {
  const paint = painter(output);
  const { grpcAddress, httpUrl, dataDir, workerPid, afterMs } = started;
  const database = dataDir === undefined ? "yours, from DATABASE_URL" : `embedded PostgreSQL in ${shortened(dataDir)}`;
  const rows = [
    ["gRPC", grpcAddress],
    ["HTTP", httpUrl],
    ["Database", database],
    ...(workerPid === undefined ? [] : [["Worker", `sample-worker, process ${workerPid}`]]),
  ];
  return [
    `${paint("green", "✓")} ${paint("bold", "Helve can run tasks")} after ${duration(afterMs)}`,
    "",
    ...rows.map(([name = "", value]) => `  ${paint("dim", name.padEnd(9))} ${value}`),
    "",
  ];
}

export interface TokenPlace {
  /** Of the dashboard. */
  readonly httpUrl: string;
  readonly token: string;
  /** Undefined where it is kept nowhere. */
  readonly file: string | undefined;
  /** Made by this start. */
  readonly isNew: boolean;
}

/**
 * The token, and what to do next. The token itself, in a link to the dashboard, is shown once, when it is new, and to a
 * person only: whatever is no terminal may be a log.
 */
export function nextLines({ httpUrl, token, file, isNew }: TokenPlace, hasSample: boolean, output: Output): string[] {
  const paint = painter(output);
  const heading = (text: string) => paint("dim", text);
  const shows = output.isTerminal && (isNew || file === undefined);
  const value = file === undefined ? "…" : `$(cat ${shortened(file)})`;
  return [
    ...(shows
      ? [
          heading("The dashboard, signed in by the API token in this link, shown this once:"),
          dashboardLink(httpUrl, token),
          "",
        ]
      : []),
    ...(shows && file === undefined ? [heading("The API token itself:"), token, ""] : []),
    ...(file === undefined
      ? []
      : [`${heading("The token is kept in")} ${shortened(file)}${heading(", for your eyes alone.")}`, ""]),
    heading("For a worker or client of your own:"),
    "  export HELVE_CLIENT_TLS_STRATEGY=none",
    `  export HELVE_CLIENT_TOKEN="${value}"`,
    "",
    heading("To try next, in another terminal:"),
    ...(hasSample ? [`  npx helve trigger ${SAMPLE_WORKFLOW} '{"item": "teapot"}' --wait`] : []),
    "  npx helve runs",
    "  npx helve workers",
    ...(file === undefined ? [] : ["  npx helve dashboard"]),
    "",
    "Ctrl-C stops everything.",
  ];
}

/** Paths as people write them, where a shell still understands them. */
function shortened(path: string): string {
  const home = homedir();
  const isPlain = /^[\w@%+=:,./-]+$/.test(path);
  if (path.startsWith(join(home, "/")) && isPlain) return `~${path.slice(home.length)}`;
  return isPlain ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
