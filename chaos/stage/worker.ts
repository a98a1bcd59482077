import { join } from "node:path";
import { Child } from "./child.ts";
import type { Link } from "./link.ts";
import { WORKER } from "./node-arguments.ts";

export interface WorkerOptions {
  folder: string;
  name: string;
  kind: "own" | "published";
  slots: number;
  token: string;
  link: Link;
  onUnexpectedExit(what: string): void;
}

/** What a worker's process is told, in the variable CHAOS_WORKER. */
export interface WorkerOrders extends Pick<WorkerOptions, "name" | "kind" | "slots" | "token"> {
  /** Where it reaches an engine: a link. */
  address: string;
  /** The file that it writes what its tasks do to. */
  journal: string;
}

/** A worker's process, with its own link to an engine. */
export class ChaosWorker {
  readonly child: Child;
  readonly link: Link;
  readonly kind: "own" | "published";
  readonly slots: number;
  readonly #folder: string;

  constructor({ folder, name, kind, slots, token, link, onUnexpectedExit }: WorkerOptions) {
    this.link = link;
    this.kind = kind;
    this.slots = slots;
    this.#folder = folder;
    this.child = new Child({
      title: name,
      logFile: join(folder, `${name}.log`),
      command: (start) => {
        const address = `127.0.0.1:${link.port}`;
        const orders: WorkerOrders = { name, kind, slots, token, address, journal: this.journalOf(start) };
        return {
          args: WORKER,
          env: { CHAOS_WORKER: JSON.stringify(orders) },
        };
      },
      onUnexpectedExit: (what) => {
        // A published worker may give up by itself when its engine stays away.
        if (kind === "own") onUnexpectedExit(what);
      },
    });
  }

  journals(): string[] {
    return Array.from({ length: this.child.starts }, (_, n) => this.journalOf(n + 1));
  }

  journalOf(start: number): string {
    return join(this.#folder, `${this.child.title}.${start}.journal`);
  }
}
