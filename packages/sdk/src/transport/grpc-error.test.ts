import { type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { fromGrpcError } from "./grpc-error.ts";

function grpcError(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details }) as ServiceError;
}

test("codes of gRPC are codes of the SDK, and the message says what it is about", () => {
  const error = fromGrpcError(grpcError(status.NOT_FOUND, "no such run"), "run 7");
  expect(error).toMatchObject({ code: "not_found", message: "run 7: no such run" });
  expect(fromGrpcError(grpcError(status.DATA_LOSS, "odd"), "x").code).toBe("internal");
});

test("of a connection that cannot be made the reason is told", () => {
  const details = "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ";
  const error = fromGrpcError(grpcError(status.UNAVAILABLE, details), "the engine");
  expect(error.message).toBe("the engine: cannot be reached (connect ECONNREFUSED 127.0.0.1:1)");
});
