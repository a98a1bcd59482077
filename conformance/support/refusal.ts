import { expect } from "vitest";
import { type Ending, ending } from "./grpc.ts";

/**
 * A call is refused with this code.
 *
 * @param text what the message has to say, where somebody reads it: a client, or a person who has to find the mistake
 * @param unserved whether the call belongs to a feature that may not be served; then UNIMPLEMENTED is an answer too
 */
export async function expectRefusal(
  call: Promise<unknown>,
  code: string,
  text: RegExp | string = "",
  { unserved = false }: { unserved?: boolean } = {},
): Promise<Ending> {
  const seen = await ending(call);
  if (unserved && seen.code === "UNIMPLEMENTED") return seen;
  expect(seen).toEqual({
    code,
    text: typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text),
  });
  return seen;
}
