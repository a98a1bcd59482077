import { expect, test } from "vitest";
import { namespacePrefix, withNamespace } from "./namespace.ts";

test("a namespace is a prefix in lower case that ends in an underscore", () => {
  expect(namespacePrefix("Dev")).toBe("dev_");
  expect(namespacePrefix("dev_")).toBe("dev_");
  expect(namespacePrefix("")).toBe("");
  expect(namespacePrefix(undefined)).toBe("");
});

test("a name gets the prefix once", () => {
  expect(withNamespace("task", "dev_")).toBe("dev_task");
  expect(withNamespace("dev_task", "dev_")).toBe("dev_task");
  expect(withNamespace("task", "")).toBe("task");
});
