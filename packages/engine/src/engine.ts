import type { Database } from "@helve/store";
import type { Engine } from "./api.ts";

export interface EngineOptions {
  /** For keyed access: see store/db.ts. */
  db: Database;
  /** Connection string for the one connection that listens for hints; not through a pooler in transaction mode. */
  directUrl: string;
  /** Shown in lists of replicas. */
  name: string;
  /** No other replica can live on this database (embedded Postgres): older ones are taken over at once. */
  isAlone: boolean;
}

export declare function createEngine(options: EngineOptions): Engine;
