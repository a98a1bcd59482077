import { randomUUID } from "node:crypto";

/** A new id for a run, as the engine makes them: a UUIDv7 whose last 16 bits are zero. */
export function newRunId(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, "0");
  // Behind the version of a UUIDv4: 12 random bits, then the variant and as many random ones as are left.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15, 32)}0000`;
}
