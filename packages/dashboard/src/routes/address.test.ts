import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "./address.ts";

test("an address gives back what was written into it", () => {
  const search = { state: ["late", "lost"], label: "zone=a&b", q: "ma il" };
  expect(stringifySearch(search)).toBe("?state=late&state=lost&label=zone%3Da%26b&q=ma+il");
  expect(parseSearch(stringifySearch(search))).toEqual(search);
});

test("what is not wanted leaves no trace", () => {
  expect(stringifySearch({ state: undefined, label: [] })).toBe("");
  expect(parseSearch("")).toEqual({});
});
