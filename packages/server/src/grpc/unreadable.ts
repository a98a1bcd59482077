import type { MethodDefinition } from "@grpc/grpc-js";
import { HelveError, invalidArgument } from "@helve/core";

/** Stands in place of a request that cannot be read. Its handler is not called. */
export class UnreadableRequest {
  readonly error: HelveError;

  constructor(error: HelveError) {
    this.error = error;
  }
}

/**
 * A method whose bytes are read without throwing: grpc-js would answer INTERNAL, as if the mistake were ours, and clients
 * repeat that.
 */
export function readingSafely<Request, Response>(
  method: MethodDefinition<Request, Response>,
): MethodDefinition<Request | UnreadableRequest, Response> {
  const { requestDeserialize, path } = method;
  return {
    ...method,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize(bytes) {
      try {
        return requestDeserialize(bytes);
      } catch (error) {
        if (error instanceof HelveError) return new UnreadableRequest(error);
        const reason = error instanceof Error ? error.message : String(error);
        return new UnreadableRequest(
          invalidArgument(`the ${bytes.length} bytes sent to ${path} are no message of its kind: ${reason}`),
        );
      }
    },
  };
}
