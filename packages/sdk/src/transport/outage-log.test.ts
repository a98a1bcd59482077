import { expect, test } from "vitest";
import { OutageLog } from "./outage-log.ts";

test("an outage is mentioned when it begins, changes, lasts and ends", () => {
  const said: string[] = [];
  const note = (message: string): void => void said.push(message);
  let now = 0;
  const log = new OutageLog({ debug: note, info: note, green: note, warn: note, error: note }, () => now);
  log.over("engine:1");
  for (; now < 60_000; now += 1_000) log.failed("refused");
  log.failed("timed out");
  log.over("engine:1");
  log.over("engine:1");
  expect(said).toEqual([
    "refused; trying again until it works",
    "refused; trying again until it works",
    "timed out; trying again until it works",
    "connected to the engine at engine:1 again",
  ]);
});
