import { describe, expect, it } from "vitest";
import { isName, normaliseActionId, parseActionId } from "./action-id.ts";

describe("parseActionId", () => {
  it("takes two or three parts, as written", () => {
    expect(parseActionId("Orders:Pay")).toEqual({ service: "Orders", verb: "Pay" });
    expect(parseActionId("orders:pay:card")).toEqual({ service: "orders", verb: "pay", sub: "card" });
  });

  it.each(["", "nocolon", ":", "a:", ":b", "a:b:", "a::c", "a:b:c:d", "a:b:c:"])("refuses %j", (text) => {
    expect(parseActionId(text)).toBeUndefined();
    expect(normaliseActionId(text)).toBeUndefined();
  });
});

it("has room for two names of full length, and for no endless text", () => {
  const name = "n".repeat(255);
  expect(isName(name)).toBe(true);
  expect(isName(`${name}n`)).toBe(false);
  expect(parseActionId(`${name}:${name}`)).toEqual({ service: name, verb: name });
  expect(parseActionId(`a:${"b".repeat(600)}`)).toBeUndefined();
});

it("matches action ids by their lower-case form", () => {
  expect(normaliseActionId("Orders:Pay:Card")).toBe("orders:pay:card");
});

describe("isName", () => {
  it.each(["a", "Good-name_1.2", "7"])("accepts %s", (text) => {
    expect(isName(text)).toBe(true);
  });

  it.each(["", "bad name!", "a:b", "é", "a\n"])("refuses %j", (text) => {
    expect(isName(text)).toBe(false);
  });
});
