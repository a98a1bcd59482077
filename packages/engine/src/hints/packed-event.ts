import type { RunEvent } from "../api.ts";

type Stream = Extract<RunEvent["kind"], { type: "stream" }>;

/** An event as a hint has it: bytes in base64. */
export type PackedEvent = Omit<RunEvent, "kind"> & {
  kind: Exclude<RunEvent["kind"], Stream> | (Omit<Stream, "content"> & { content: string });
};

export function packEvent({ kind, ...event }: RunEvent): PackedEvent {
  if (kind.type !== "stream") return { ...event, kind };
  return { ...event, kind: { ...kind, content: Buffer.from(kind.content).toString("base64") } };
}

export function unpackEvent({ kind, ...event }: PackedEvent): RunEvent {
  if (kind.type !== "stream") return { ...event, kind };
  return { ...event, kind: { ...kind, content: Buffer.from(kind.content, "base64") } };
}
