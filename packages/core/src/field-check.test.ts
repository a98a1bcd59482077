import { expect, it } from "vitest";
import { fieldError, oneOf, requiredText, wholeNumber } from "./field-check.ts";

it("names the field, the value and the rule", () => {
  expect(fieldError("name", "bad name!", "must be better").message).toBe('name is "bad name!": it must be better');
  expect(fieldError("retries", -1, "must be better").message).toBe("retries is -1: it must be better");
  expect(fieldError("name", undefined, "must be better").message).toBe("name is missing: it must be better");
});

it("cuts long values and long fields", () => {
  const { message } = fieldError(`labels.${"k".repeat(100_000)}`, "x".repeat(100_000), "must be short");
  expect(message.length).toBeLessThan(1000);
  expect(message).toContain("… (100007 characters) is");
  expect(message).toContain("… (100002 characters): it must be short");
});

it("accepts whole numbers within both bounds only", () => {
  expect(wholeNumber(1, "n", 1, 3)).toBe(1);
  expect(wholeNumber(3, "n", 1, 3)).toBe(3);
  for (const value of [0, 4, 1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
    expect(() => wholeNumber(value, "n", 1, 3)).toThrow("must be a whole number from 1 to 3");
  }
});

it("accepts a word in either case and shows the allowed ones", () => {
  expect(oneOf("HARD", "sticky", ["soft", "hard"])).toBe("hard");
  expect(oneOf("soft", "sticky", ["soft", "hard"])).toBe("soft");
  expect(() => oneOf("2", "sticky", ["soft", "hard"])).toThrow('sticky is "2": it must be one of SOFT, HARD');
});

it("takes a blank text for an empty one", () => {
  expect(() => requiredText(" \n", "key")).toThrow('key is " \\n": it must not be empty');
});
