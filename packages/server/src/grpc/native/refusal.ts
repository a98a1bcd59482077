import type { helve } from "@helve/contracts";
import { HelveError } from "@helve/core";
import type { Logger } from "pino";

/** Why one request on a stream was not carried out; the stream goes on. What nobody foresaw is logged whole. */
export function refusal(error: unknown, what: string, log: Logger): helve.Refusal {
  if (error instanceof HelveError && error.code !== "internal") return { code: error.code, message: error.message };
  log.error({ rpc: what, err: error }, "request on a stream failed");
  return { code: "internal", message: "An internal error occurred." };
}
