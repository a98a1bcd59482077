import { describe, expect, it } from "vitest";
import { memoryIo } from "../testing/memory-io.ts";
import { listenForEnd } from "./end-request.ts";

describe("the wish to end", () => {
  it("is told by the first signal", async () => {
    const io = memoryIo();
    const end = listenForEnd(io, () => {});
    io.signal("SIGTERM");
    await end.asked;
    expect(end.signal.aborted).toBe(true);
  });

  it("ends at once at the second, after what cannot be left behind", () => {
    const io = memoryIo();
    const left: string[] = [];
    listenForEnd(io, () => left.push("database"));
    io.signal("SIGINT");
    expect(() => io.signal("SIGINT")).toThrow("aborted with 130");
    expect(left).toEqual(["database"]);
  });

  it("is not listened for when it is forgotten", () => {
    const io = memoryIo();
    const end = listenForEnd(io, () => {});
    end.forget();
    expect(io.isHeard()).toBe(false);
  });
});
