import { newRunId } from "@helve/core";
import { expect, test } from "vitest";
import { type Hint, HintBus, type OpenTransport } from "./hint-bus.ts";

/** A bus that everybody who opens it is on, and what went over it. */
function localBus(maxBytes: number): { open: OpenTransport; sent: string[]; inject(text: string): void } {
  const sent: string[] = [];
  const receivers: ((text: string) => void)[] = [];
  const inject = (text: string) => {
    for (const receive of receivers) receive(text);
  };
  const open: OpenTransport = (onText) => {
    receivers.push(onText);
    const send = async (text: string) => {
      sent.push(text);
      inject(text);
    };
    return { maxBytes, start: async () => {}, stop: async () => {}, send };
  };
  return { open, sent, inject };
}

function heardBy({ open }: ReturnType<typeof localBus>, name: string): { bus: HintBus; heard: Hint[] } {
  const heard: Hint[] = [];
  return {
    bus: new HintBus(
      open,
      name,
      (hint) => heard.push(hint),
      () => {},
    ),
    heard,
  };
}

test("hints that gather while one is under way share a message, and nobody hears his own", async () => {
  const wire = localBus(8000);
  const [a, b] = [heardBy(wire, "a"), heardBy(wire, "b")];
  const hints: Hint[] = [1, 2, 3].map((route) => ({ kind: "queued", routes: [route] }));
  for (const hint of hints) a.bus.publish(hint);
  await expect.poll(() => b.heard).toEqual(hints);
  expect(wire.sent).toHaveLength(2);
  expect(a.heard).toEqual([]);
});

test("a hint that is longer than a message of the bus arrives whole", async () => {
  const wire = localBus(8000);
  const [a, b] = [heardBy(wire, "a"), heardBy(wire, "b")];
  const hint: Hint = { kind: "ended", runs: Array.from({ length: 1000 }, () => newRunId()) };
  a.bus.publish(hint);
  a.bus.publish({ kind: "joined" });
  await expect.poll(() => b.heard).toEqual([hint, { kind: "joined" }]);
  expect(wire.sent.length).toBeGreaterThan(5);
  for (const text of wire.sent) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8000);
});

test("what is no hint is passed over", () => {
  const wire = localBus(8000);
  const { heard } = heardBy(wire, "a");
  for (const text of ["", "x", "x 1:1/1 [", "x 1:1/1 7", 'x 1:1/1 {"kind":"joined"}', "x 1:1/1 [null]"])
    wire.inject(text);
  wire.inject('x 2:1/1 [{"kind":"joined"}]');
  expect(heard).toEqual([{ kind: "joined" }]);
});
