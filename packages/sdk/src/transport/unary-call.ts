import type { CallOptions, ClientUnaryCall, Metadata, ServiceError } from "@grpc/grpc-js";
import { HelveError } from "../errors.ts";
import { fromGrpcError } from "./grpc-error.ts";
import { reconnectDelayMs } from "./reconnect-delay.ts";

/** A method of a generated client, bound to it. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

export interface UnaryOptions {
  /** The call, as a person would name it. */
  what: string;
  metadata: Metadata;
  /** How long to go on while the engine cannot be reached, in ms; `Infinity` for ever. */
  patienceMs: number;
  /** Told of each try that did not reach the engine. */
  onUnavailable?: ((error: HelveError) => void) | undefined;
}

/** One try may take so long. */
const TRY_MS = 30_000;

/**
 * Makes a call, again and again while the engine is unavailable. Only for calls that may be made twice: all those of this
 * SDK ask for a state (a workflow stored, a run cancelled) or look something up.
 *
 * @throws HelveError with the engine's code
 */
export async function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: UnaryOptions,
): Promise<Response> {
  const deadline = performance.now() + options.patienceMs;
  for (let failures = 1; ; failures += 1) {
    const result = await tryOnce(method, request, options, Math.min(TRY_MS, Math.max(1, deadline - performance.now())));
    if (!(result instanceof HelveError)) return result;
    const delayMs = reconnectDelayMs(failures, Math.random());
    if (result.code !== "unavailable" || performance.now() + delayMs >= deadline) throw result;
    options.onUnavailable?.(result);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

function tryOnce<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: UnaryOptions,
  timeoutMs: number,
): Promise<Response | HelveError> {
  return new Promise((resolve) => {
    method(request, options.metadata, { deadline: Date.now() + timeoutMs }, (error, response) => {
      resolve(error === null ? response : fromGrpcError(error, options.what));
    });
  });
}
