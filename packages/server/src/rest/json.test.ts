import { expect, test } from "vitest";
import { RawJson, rawObject, toJson } from "./json.ts";

test("writes what JSON.stringify writes, and leaves undefined members out", () => {
  const value = { a: [1, "x\n", null, true], b: { c: undefined, d: 0.5 }, e: undefined, 'é"': {} };
  expect(toJson(value)).toBe(JSON.stringify(value));
  for (const one of [null, 1, "text", [], [undefined]]) expect(toJson(one)).toBe(JSON.stringify(one));
});

test("puts raw text in as it is", () => {
  const text = '{ "big": 12345678901234567890, "b":1,"a" : 1.0 }';
  expect(toJson({ input: new RawJson(text) })).toBe(`{"input":${text}}`);
});

test("writes times as RFC 3339", () => {
  expect(toJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});

test("shows as an empty object whatever is none", () => {
  for (const text of [null, undefined, "", "[1]", '"text"', "null", "5"]) expect(rawObject(text).text).toBe("{}");
  expect(rawObject('  {"a":1}').text).toBe('  {"a":1}');
});
