/** Package `helve.v1`, the native protocol: one batched stream per worker and one per client program. */
export * from "./gen/helve/v1/session.ts";
