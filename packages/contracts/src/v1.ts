/** Package `v1` of the Hatchet contract: defining workflows, acting on runs, durable tasks. */
export * from "./gen/hatchet/v1/conditions.ts";
export * from "./gen/hatchet/v1/dispatcher.ts";
export * from "./gen/hatchet/v1/trigger.ts";
export * from "./gen/hatchet/v1/workflows.ts";
