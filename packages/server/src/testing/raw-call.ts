import { type ServiceError, status } from "@grpc/grpc-js";
import type { AnyMethod } from "./fuzz/messages.ts";
import type { TestClient } from "./test-client.ts";

/** What came back. */
export interface RawAnswer {
  code: status;
  details: string;
  /** All messages of the answer as they came. */
  bytes: Buffer;
}

/** A stream that has not been refused by then was understood. */
const UNDERSTOOD_MS = 100;
/** How long to wait for a refusal that must come. */
export const REFUSED_MS = 20_000;

/**
 * Sends bytes as they are and waits for the status; of a stream that stays open, OK.
 *
 * @param streamMs how long to wait for the end of a stream
 */
export function rawCall(
  { dispatcher: channel, metadata }: TestClient,
  method: AnyMethod,
  bytes: Buffer,
  streamMs: number = UNDERSTOOD_MS,
): Promise<RawAnswer> {
  const raw = (message: Buffer): Buffer => message;
  const { path } = method;
  const answers: Buffer[] = [];
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (error: Partial<ServiceError> | null): void => {
      clearTimeout(timer);
      resolve({ code: error?.code ?? status.OK, details: error?.details ?? "", bytes: Buffer.concat(answers) });
    };
    if (!method.requestStream && !method.responseStream) {
      channel.makeUnaryRequest(path, raw, raw, bytes, metadata, { deadline: Date.now() + 20_000 }, (error, answer) => {
        if (answer) answers.push(answer);
        done(error);
      });
      return;
    }
    const bidi = method.requestStream ? channel.makeBidiStreamRequest(path, raw, raw, metadata) : undefined;
    const stream = bidi ?? channel.makeServerStreamRequest(path, raw, raw, bytes, metadata);
    stream.on("data", (message: Buffer) => answers.push(message));
    stream.on("error", done);
    stream.on("end", () => done(null));
    bidi?.write(bytes);
    timer = setTimeout(() => {
      done(null);
      stream.cancel();
    }, streamMs);
  });
}
