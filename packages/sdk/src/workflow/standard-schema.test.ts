import { expect, test } from "vitest";
import { describeIssues, jsonSchemaOf, type StandardSchemaV1 } from "./standard-schema.ts";

test("issues are named with their paths", () => {
  const issues = [
    { message: "expected a number", path: ["user", "age"] },
    { message: "too long", path: [{ key: "tags" }, 2] },
    { message: "expected an object" },
  ];
  expect(describeIssues(issues)).toBe("user.age: expected a number; tags[2]: too long; (input): expected an object");
});

function schema(jsonSchema: StandardSchemaV1["~standard"]["jsonSchema"]): StandardSchemaV1 {
  return { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }), jsonSchema } };
}

test("a schema that can describe itself does", () => {
  expect(jsonSchemaOf(schema({ input: ({ target }) => ({ target }) }))).toEqual({ target: "draft-2020-12" });
});

test("a schema that cannot is none", () => {
  expect(jsonSchemaOf(schema(undefined))).toBeUndefined();
  const failing = schema({
    input: () => {
      throw new Error("dates have no JSON Schema");
    },
  });
  expect(jsonSchemaOf(failing)).toBeUndefined();
});
