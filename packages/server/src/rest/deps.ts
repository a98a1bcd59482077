import type { Engine } from "@helve/engine";
import type { Logger } from "pino";
import type { Caller } from "../auth/caller.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Reading } from "./reading.ts";

/** What the REST API is made of: the engine does, `reading` shows. */
export interface RestDeps {
  engine: Engine;
  reading: Reading;
  /** Who is behind an `Authorization` header; undefined (or a HelveError `unauthenticated`) when nobody good is. */
  authenticate(authorization: string | undefined): Promise<Caller | undefined>;
  tokens: Pick<Tokens, "mint" | "revoke">;
  /** Of this build, shown by the version operation. */
  version: string;
  /** Where the world reaches this server, no slash at the end; asked for each answer, as the port may be known late. */
  serverUrl: () => string;
  /** Origins of web pages that may call; undefined: all. */
  allowedOrigins?: readonly string[] | undefined;
  /** What /metrics shows; undefined: there is no such path. */
  metrics?: Pick<Metrics, "text" | "contentType"> | undefined;
  log: Logger;
}
