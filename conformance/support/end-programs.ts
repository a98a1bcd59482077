import { afterAll } from "vitest";
import { endPrograms } from "./program.ts";

// In every test file, after all of its own clean-up and whatever became of its tests.
afterAll(endPrograms);
