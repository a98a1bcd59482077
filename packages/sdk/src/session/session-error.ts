import type { ServiceError } from "@grpc/grpc-js";
import { HelveError } from "../errors.ts";
import { fromGrpcError } from "../transport/grpc-error.ts";

/** Why a stream to the engine is over. @param cause undefined: the engine ended it in order, as it does when it stops */
export function sessionError(cause: ServiceError | undefined, address: string): HelveError {
  if (cause === undefined) return new HelveError("unavailable", `the engine at ${address} closed the stream`);
  const error = fromGrpcError(cause, `the engine at ${address}`);
  if (error.code !== "unimplemented") return error;
  return new HelveError("unimplemented", `the engine at ${address} does not speak helve.v1; is it Helve?`, { cause });
}
