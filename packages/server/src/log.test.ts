import { expect, test } from "vitest";
import { forPeople } from "./log.ts";

test("a line for people has the time of day, the message and what it is about", () => {
  const line = { level: "info", time: "2026-11-25T10:10:24.048Z", workerId: "w1", tasks: 2, msg: "worker lost" };

  expect(forPeople(JSON.stringify(line))).toBe("10:10:24.048 worker lost workerId=w1 tasks=2\n");
});

test("a line for people names an unusual level, and an error in short or whole", () => {
  const err = { message: "no connection", stack: "Error: no connection\n    at x" };
  const line = { time: "2026-11-25T10:10:24.048Z", err, msg: "failed" };

  expect(forPeople(JSON.stringify({ ...line, level: "warn" }))).toBe("10:10:24.048 WARN failed (no connection)\n");
  expect(forPeople(JSON.stringify({ ...line, level: "error" }))).toContain(
    "ERROR failed \nError: no connection\n    at x",
  );
});
