export type { Pause } from "@helve/store";
export type * from "./api.ts";
export { createEngine } from "./engine.ts";
export type { BatchKind, Meter, Observer, TracedAttempt, TracedRun, Tracer } from "./observer.ts";
export type { EngineOptions } from "./services.ts";
