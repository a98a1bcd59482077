import { gunzipSync } from "node:zlib";
import { Metadata, type MethodDefinition, type ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { HelveError } from "@helve/core";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/**
 * Most published clients compress every message, and they are small. grpc-js makes a stream for each and takes it through
 * the thread pool, which costs 50 µs and a turn of the event loop or two; inflating at once where the message is decoded
 * costs 20 µs (Node 20, messages of 300 bytes). So unary calls are kept from inflating there and do it here.
 *
 * The one hold on grpc-js is a private field. Should it go, grpc-js inflates as before and {@link inflating} finds nothing
 * to do.
 */
export const leaveCompressed: ServerInterceptor = (method, call) => {
  const isUnary = !method.requestStream && !method.responseStream;
  const fields = call as unknown as { incomingEncoding?: string };
  if (isUnary && fields.incomingEncoding === "gzip") fields.incomingEncoding = "identity";
  // Nothing is intercepted, so there is nothing to wrap it in.
  return call as unknown as ServerInterceptingCall;
};

/**
 * Headers of an answer that say: send nothing compressed. Compressed requests are understood all the same, but clients built
 * on grpc-js compress no later call on the channel, which spares a worker of the published TypeScript SDK about a third of
 * its processor time a task (docs/reference/performance.md).
 */
export const PREFER_UNCOMPRESSED: Metadata = new Metadata();
PREFER_UNCOMPRESSED.set("grpc-accept-encoding", "identity");

/** A unary method whose requests may come compressed. */
export function inflating<Request, Response>(
  method: MethodDefinition<Request, Response>,
): MethodDefinition<Request, Response> {
  const { requestDeserialize } = method;
  return {
    ...method,
    requestDeserialize: (bytes) => requestDeserialize(isGzip(bytes) ? inflate(bytes) : bytes),
  };
}

/** No message begins so when it is not compressed: its first byte would name a kind of field that does not exist. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** @throws HelveError resource_exhausted when it is larger than the limit without compression */
function inflate(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_MESSAGE_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new HelveError("resource_exhausted", `received message larger than max (${MAX_MESSAGE_BYTES} bytes)`);
  }
}
