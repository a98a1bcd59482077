import { expect, test } from "vitest";
import { countText, spanText } from "./time-text.ts";

test.each([
  [0, "0 s"],
  [999, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_600_000, "1 h"],
  [200_000_000, "2 d"],
])("%d ms read %s", (ms, text) => expect(spanText(ms)).toBe(text));

test("counts with the right noun", () => {
  expect([countText(0, "worker"), countText(1, "worker"), countText(2, "worker")]).toEqual([
    "0 workers",
    "1 worker",
    "2 workers",
  ]);
});
