import { expect, test } from "vitest";
import { cut, Joiner } from "./parts.ts";

const joined = (messages: readonly string[]): (string | undefined)[] => {
  const joiner = new Joiner();
  return messages.map((message) => joiner.add(message));
};

test("a short text is one message", () => {
  const [message, ...rest] = cut("short", 7, 100);
  expect(rest).toEqual([]);
  expect(joined([message as string])).toEqual(["short"]);
});

test.each([
  ["plain", "x".repeat(1000)],
  ["wide", "€".repeat(1000)],
  ["in pairs", "a" + "😀".repeat(1000)],
])("a long text, %s, is cut into messages that fit and put together again", (_kind, text) => {
  const messages = cut(text, 7, 100);
  for (const message of messages) {
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(100);
    expect(Buffer.from(message).toString(), "every message is text").toBe(message);
  }
  expect(joined(messages).at(-1)).toBe(text);
  expect(
    joined(messages)
      .slice(0, -1)
      .every((one) => one === undefined),
  ).toBe(true);
});

test("a text of which a message was lost is lost, and the next one is not", () => {
  const first = cut("a".repeat(200), 1, 100);
  const second = cut("b".repeat(200), 2, 100);
  expect(joined([first[0] as string, ...first.slice(2), ...second]).filter(Boolean)).toEqual(["b".repeat(200)]);
  expect(joined([...first.slice(0, 2), ...second.slice(1)]).filter(Boolean)).toEqual([]);
});

test("what is no part of a text is passed over", () => {
  expect(joined(["hello", "1:2/2 x", ""])).toEqual([undefined, undefined, undefined]);
});
