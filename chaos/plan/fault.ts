/**
 * What goes wrong. Every fault has one target and a time after which that is well again; a target has one fault at a time.
 *
 * - killed: SIGKILL, and started again after the time. Stopped: the same with SIGTERM. Frozen: SIGSTOP, SIGCONT.
 * - A link is what a worker, a client or an engine is connected through. Cut: its connections are reset and new ones
 *   refused. Stalled: nothing passes, then everything that was held back. Swallowed: half open, what is sent on the
 *   connections of now never arrives, while new ones are possible. Moved: reset, and from then on to the other replica.
 */
export type Fault = {
  /** Since the beginning of the round. */
  atMs: number;
  forMs: number;
} & Harm;

export type Harm =
  | { kind: "worker killed" | "worker stopped" | "worker frozen"; worker: number }
  /** With `movesWorkers` the links of its workers go to the other replica, as a load balancer would have it. */
  | { kind: "engine killed" | "engine stopped"; engine: number; movesWorkers: boolean }
  | { kind: "engine frozen"; engine: number }
  /** Its main process, and it is started again by whoever looks after it; or one that serves a connection. */
  | { kind: "postgres killed"; which: "main process" | "one backend" }
  | { kind: "postgres stopped" | "postgres frozen" }
  | { kind: "backends terminated"; part: number }
  /** The server that carries the hints of the replicas. */
  | { kind: "nats killed" | "nats stopped" | "nats frozen" }
  | { kind: "link cut" | "link stalled" | "link swallowed" | "link moved"; link: LinkName };

/**
 * `worker 0`, `client 1`: the link between that worker or client and its engine. `database 0`, `nats 0`: between that engine and
 * Postgres or NATS.
 */
export type LinkName = `${"worker" | "client" | "database" | "nats"} ${number}`;

/** What is there to be harmed. */
export interface Cast {
  engines: number;
  workers: number;
  clients: number;
  /** Whether hints go over NATS. @default over Postgres */
  hasNats?: boolean;
}

/** What a fault happens to; two faults of one target do not overlap. */
export function targetOf(fault: Harm): string {
  if ("worker" in fault) return `worker ${fault.worker}`;
  if ("engine" in fault) return `engine ${fault.engine}`;
  if ("link" in fault) return `link of ${fault.link}`;
  return fault.kind.startsWith("nats") ? "nats" : "postgres";
}

/** One line for people. */
export function describeFault({ atMs, forMs, kind, ...rest }: Fault): string {
  const details = Object.values(rest).map(String).join(", ");
  return `${(atMs / 1000).toFixed(1)} s: ${kind}${details && ` (${details})`} for ${(forMs / 1000).toFixed(1)} s`;
}
