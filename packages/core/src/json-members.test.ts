import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonMembers } from "./json-members.ts";

it("keeps every digit, escape and inner space of a value", () => {
  const text = String.raw` { "big" : 12345678901234567890 ,"one":1.0, "nested":{"b": 1,"a":[1,"},]"]},"esc":"\u00e9 \" \\" } `;
  expect(jsonMembers(text)).toEqual([
    { key: "big", rawKey: '"big"', rawValue: "12345678901234567890" },
    { key: "one", rawKey: '"one"', rawValue: "1.0" },
    { key: "nested", rawKey: '"nested"', rawValue: '{"b": 1,"a":[1,"},]"]}' },
    { key: "esc", rawKey: '"esc"', rawValue: String.raw`"\u00e9 \" \\"` },
  ]);
});

it("resolves escapes in keys and lists a key as often as it stands there", () => {
  const keys = jsonMembers(String.raw`{"tr\u0061ce":1,"trace":2,"a\"b":3,"":4}`).map((member) => member.key);
  expect(keys).toEqual(["trace", "trace", 'a"b', ""]);
});

it("finds nothing in an empty object", () => {
  expect(jsonMembers("{}")).toEqual([]);
  expect(jsonMembers(" {\n} ")).toEqual([]);
});

it("agrees with JSON.parse about every object", () => {
  const object = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ depthSize: "medium" }));
  fc.assert(
    fc.property(object, fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const read = jsonMembers(text).map(({ key, rawKey, rawValue }) => {
        expect(JSON.parse(rawKey)).toBe(key);
        return [key, JSON.parse(rawValue)];
      });
      expect(read).toEqual(Object.entries(JSON.parse(text)));
    }),
  );
});
