import type { TestProject } from "vitest/node";
import { type EngineAddress, type RunningEngine, startEngine } from "./support/engine.ts";
import { requirePythonClients } from "./support/python.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The engine all suites share. */
    engine: EngineAddress;
  }
}

let shared: RunningEngine | undefined;

/** Starts the engine every suite talks to, once, before the first file. */
export async function setup(project: TestProject): Promise<void> {
  await requirePythonClients();
  shared = await startEngine();
  project.provide("engine", shared.address);
}

/** Ends the shared engine and removes its data. */
export async function teardown(): Promise<void> {
  await shared?.dispose();
}
