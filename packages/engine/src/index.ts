export type * from "./api.ts";
export { createEngine, type EngineOptions } from "./engine.ts";
export type { Observer } from "./observer.ts";
