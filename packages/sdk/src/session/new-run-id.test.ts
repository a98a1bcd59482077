import { expect, test } from "vitest";
import { newRunId } from "./new-run-id.ts";

test("run ids are UUIDv7 that end in sixteen zero bits and begin with the time", () => {
  const ids = Array.from({ length: 100 }, () => newRunId(1_700_000_000_000));
  for (const id of ids) expect(id).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{8}0000$/);
  expect(new Set(ids).size).toBe(100);
});
