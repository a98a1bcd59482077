import type { Cast, LinkName } from "../plan/fault.ts";
import { ChaosEngine } from "./engine.ts";
import { Link } from "./link.ts";
import { ChaosNats } from "./nats.ts";
import { ChaosPostgres } from "./postgres.ts";
import { until } from "./until.ts";
import { ChaosWorker } from "./worker.ts";

export interface ClusterOptions {
  folder: string;
  cast: Cast;
  /** @default few, so that they are full now and then */
  slots?: readonly number[];
  /** Something of ours ended that nobody had told to. */
  onUnexpectedExit(what: string): void;
}

/** Of the workers in turn, where nothing else is said. */
const SLOTS = [4, 6, 8];
const WORKERS_MS = 300_000;

/** Those that run, for a signal that ends everything. */
export const openClusters: Set<Cluster> = new Set();

/**
 * Everything of a round: one Postgres, NATS where hints go over it, engines that reach both through links, workers and callers that reach the engines
 * through links. The last of several workers runs on the published client.
 */
export class Cluster {
  readonly postgres: ChaosPostgres;
  nats: ChaosNats | undefined;
  readonly engines: ChaosEngine[] = [];
  readonly workers: ChaosWorker[] = [];
  readonly #links = new Map<LinkName, Link>();
  #closed: Promise<void> | undefined;
  token = "";

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(await ChaosPostgres.start(options.folder));
    try {
      await cluster.#startAll(options);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  private constructor(postgres: ChaosPostgres) {
    this.postgres = postgres;
    openClusters.add(this);
  }

  async #startAll({ folder, cast, slots = SLOTS, onUnexpectedExit }: ClusterOptions): Promise<void> {
    if (cast.hasNats) this.nats = await ChaosNats.start(folder, (what) => onUnexpectedExit(`nats ${what}`));
    for (let n = 0; n < cast.engines; n++) {
      const link = await this.#open(`database ${n}`, this.postgres.port);
      const name = `engine-${n}`;
      const databaseUrl = this.postgres.urlThrough(link.port);
      const natsUrl = this.nats && `nats://127.0.0.1:${(await this.#open(`nats ${n}`, this.nats.port)).port}`;
      const onExit = (what: string) => onUnexpectedExit(`${name} ${what}`);
      this.engines.push(await ChaosEngine.start({ folder, name, databaseUrl, natsUrl, onUnexpectedExit: onExit }));
    }
    [this.token = ""] = await Promise.all(this.engines.map((engine) => engine.ready()));
    for (let n = 0; n < cast.clients; n++) await this.#open(`client ${n}`, this.portOf(n));
    for (let n = 0; n < cast.workers; n++) {
      const kind = n > 0 && n === cast.workers - 1 ? "published" : "own";
      const name = `worker-${n}`;
      const worker = new ChaosWorker({
        folder,
        name,
        kind,
        slots: slots[n % slots.length] as number,
        token: this.token,
        link: await this.#open(`worker ${n}`, this.portOf(n)),
        onUnexpectedExit: (what) => onUnexpectedExit(`${name} ${what}`),
      });
      this.workers.push(worker);
      worker.child.start();
    }
  }

  /** Resolves when all workers have registered: before that the engine does not know the workflows. */
  async workersAreThere(): Promise<void> {
    const isSo = async () => {
      const [row] = await this.postgres.query<{ count: number }>(
        "select count(*)::int as count from worker where is_listening",
      );
      return row?.count === this.workers.length;
    };
    if (!(await until(WORKERS_MS, isSo, 250))) throw new Error(`the workers did not register within ${WORKERS_MS} ms`);
  }

  link(name: LinkName): Link {
    return this.#links.get(name) as Link;
  }

  /** The port of an engine, counted round. */
  portOf(n: number): number {
    return (this.engines[n % this.engines.length] as ChaosEngine).grpcPort;
  }

  /** Where a link goes when it leaves the engine that it leads to. */
  otherPort(port: number): number {
    return this.portOf(this.engines.findIndex((engine) => engine.grpcPort === port) + 1);
  }

  /** Ends everything, workers first. What cannot be ended does not keep the rest from it. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const children = [this.workers.map(({ child }) => child), this.engines.map(({ child }) => child)];
    for (const group of children) await Promise.allSettled(group.map((child) => child.close()));
    await this.nats?.child.close();
    await Promise.allSettled([...this.#links.values()].map((link) => link.close()));
    await this.postgres.stop();
    openClusters.delete(this);
  }

  async #open(name: LinkName, target: number): Promise<Link> {
    const link = await Link.open(target);
    this.#links.set(name, link);
    return link;
  }
}
