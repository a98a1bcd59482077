import { status } from "@grpc/grpc-js";
import { HelveError, invalidArgument } from "@helve/core";
import pino from "pino";
import { expect, test } from "vitest";
import { statusText, toStatus } from "./status.ts";

function setUp() {
  const lines: string[] = [];
  return { lines, log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }) };
}

test("an error of ours leaves with its code and text, unlogged", () => {
  const { log, lines } = setUp();

  expect(toStatus(invalidArgument("name is missing"), "/x", log)).toEqual({
    code: status.INVALID_ARGUMENT,
    details: "name is missing",
  });
  expect(lines).toEqual([]);
});

test.each([new TypeError("secret"), new HelveError("internal", "secret"), "secret"])(
  "what nobody foresaw is logged whole and leaves without its text: %s",
  (error) => {
    const { log, lines } = setUp();

    expect(toStatus(error, "/Dispatcher/Register", log)).toEqual({
      code: status.INTERNAL,
      details: "An internal error occurred.",
    });
    expect(lines[0]).toContain("secret");
    expect(lines[0]).toContain("/Dispatcher/Register");
  },
);

test("a text for the status header is short and holds whole characters only", () => {
  expect(statusText("ä \u{1f600}")).toBe("ä \u{1f600}");
  expect(statusText("cut \ud83d")).toBe("cut \ufffd");
  expect(statusText("x".repeat(5_000))).toHaveLength(2_001);
  expect(() => encodeURI(statusText(`${"x".repeat(1_999)}\u{1f600}`))).not.toThrow();
});
