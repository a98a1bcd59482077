import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import { Stage } from "../support/stage.ts";

/** What goes into a run and comes out of it, and what a task knows about itself. */
export function describeValues(client: Client): void {
  describe.concurrent(`${client.title}: values`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
      await stage.worker("main");
    });

    test("gives a task its input and metadata, and its output to the program that waits", async () => {
      const options = { additionalMetadata: { customer: "c-1" } };
      const { echo } = await stage.caller.run(stage.workflow("echo"), { orderId: "A-17" }, options);
      expect(echo.input).toEqual({ orderId: "A-17" });
      expect(echo.retry).toBe(0);
      expect(echo.metadata.customer).toBe("c-1");
      expect(echo.metadata.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    });

    test("carries the trace of the program that starts a run to its task", async () => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const options = { additionalMetadata: { traceparent } };
      const { echo } = await stage.caller.run(stage.workflow("echo"), {}, options);
      expect(echo.metadata.traceparent).toBe(traceparent);
    });

    test("gives a run of one task the id of its task", async () => {
      const run = await stage.caller.start(stage.workflow("echo"), {});
      const { echo } = await stage.caller.result(run);
      expect(echo.run).toBe(run);
      expect(echo.taskRun).toBe(run);
    });

    if (client.can.has("standalone")) {
      test("resolves a standalone task to its output alone", async () => {
        const output = await stage.caller.call<{ input: unknown }>("runTask", {
          workflow: stage.workflow("echo"),
          input: { n: 1 },
        });
        expect(output.input).toEqual({ n: 1 });
      });
    }

    test("carries every kind of JSON value in an input, in the order it was written", async () => {
      const input = {
        zebra: "grüße ☃ 漢字 \u{1f600}",
        number: 0.1,
        negative: -5,
        safe: 9_007_199_254_740_991,
        list: [1, "a", null, { x: true }, []],
        nothing: null,
        truth: false,
        markup: '<a&b> \u2028 \\ "quoted" / \n',
        deep: { b: { c: { a: [[[]]] } } },
        apple: {},
      };
      const { echo } = await stage.caller.run(stage.workflow("echo"), input);
      expect(echo.input).toEqual(input);
      expect(echo.keys).toEqual(Object.keys(input));
    });

    if (client.can.has("large-integers")) {
      test("keeps integers beyond 2^53 and decimals beyond a double's in an input", async () => {
        const text = '{"big":12345678901234567890,"safe":9007199254740993}';
        const { echo } = await stage.caller.run(stage.workflow("echo"), { $json: text });
        expect(echo.text.replaceAll(" ", "")).toBe(text);
      });
    }

    if (client.can.has("any-input")) {
      // Python's clients refuse an action whose input is no object, so an engine may not send one.
      test.each([[[1, 2]], [7], ["text"], [true], [null]])(
        "gives %j, which is no object, to a task as null",
        async (input) => {
          const { echo } = await stage.caller.run(stage.workflow("echo"), input);
          expect(echo.input).toBeNull();
        },
      );
    }

    for (const [kind, expected] of Object.entries(client.outputs)) {
      test(`an output that is ${kind} reaches the program that waits as this client means it`, async () => {
        const outcome = stage.caller.run(stage.workflow("shape"), { kind });
        if ("error" in expected) await expect(outcome).rejects.toThrow(expected.error);
        else expect(await outcome).toEqual(expected.result);
      });
    }

    test("carries an output of one mebibyte", async () => {
      const { shape } = await stage.caller.run(stage.workflow("shape"), { kind: "large" });
      expect(shape.text).toBe("y".repeat(1_048_576));
    });

    test("carries an input of one mebibyte", async () => {
      const text = "z".repeat(1_048_576);
      const { echo } = await stage.caller.run(stage.workflow("echo"), { text });
      expect(echo.input.text).toBe(text);
    });

    test("runs the tasks of a diamond in order, each with the outputs of those before it", async () => {
      const result = await stage.caller.run(stage.workflow("diamond"), { n: 1 });
      expect(result).toMatchObject({ a: { va: 2 }, b: { vb: 20 }, c: { vc: 200 }, d: { sum: 220, grandparent: 2 } });
      expect(result.d.run).not.toBe(result.d.taskRun);
    });
  });
}
