import { expect, test } from "vitest";
import { readTimeSpan } from "./time-span.ts";

test.each([
  ["24h", 86_400_000],
  ["1d", 86_400_000],
  ["1d12h", 129_600_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
])("%s is %i ms", (text, ms) => {
  expect(readTimeSpan(text, "field")).toBe(ms);
});

test.each(["", "soon", "0d", "0s", "d", "1h1d", "-1h", "1d 1h", "1d\n", "123456d"])("%j is none", (text) => {
  expect(() => readTimeSpan(text, "expiresIn")).toThrow("expiresIn must be a time such as 24h or 1d12h");
});
