import pino from "pino";
import { expect, test } from "vitest";
import { Closers } from "./closers.ts";

test("ends things in reverse, each once, and goes on when one fails", async () => {
  const ended: string[] = [];
  const closers = new Closers(pino({ level: "silent" }));
  closers.add("first", async () => ended.push("first"));
  closers.add("second", async () => {
    throw new Error("stuck");
  });
  closers.add("third", async () => ended.push("third"));

  await Promise.all([closers.close(), closers.close()]);

  expect(ended).toEqual(["third", "first"]);
});
