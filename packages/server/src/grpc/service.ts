import {
  type MethodDefinition,
  type Server,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { inflating } from "./gzip.ts";
import { readingSafely } from "./unreadable.ts";

/**
 * Adds a service to a server. Its calls without a handler answer UNIMPLEMENTED with a sentence that names them: clients
 * then do without, or say what they miss.
 */
export function addService<Handlers extends UntypedServiceImplementation>(
  server: Server,
  definition: ServiceDefinition<Handlers>,
  handlers: Partial<Handlers>,
): void {
  const methods: Record<string, MethodDefinition<unknown, unknown>> = {};
  const all: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries<MethodDefinition<unknown, unknown>>(definition)) {
    methods[name] = prepared(method);
    all[name] = (handlers as UntypedServiceImplementation)[name] ?? unserved(method.path);
  }
  server.addService(methods, all);
}

/** Messages that come on a stream are left to grpc-js, which ends the stream at one that it cannot read. */
function prepared(method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> {
  if (method.requestStream) return method;
  return readingSafely(method.responseStream ? method : inflating(method));
}

function unserved(path: string): UntypedHandleCall {
  const answer = { code: status.UNIMPLEMENTED, details: `This engine does not serve the call ${path}.` };
  // Unary calls answer through the callback, streams through an error.
  return (call: { emit(event: "error", error: unknown): boolean }, respond?: (error: typeof answer) => void) => {
    if (respond) respond(answer);
    else call.emit("error", answer);
  };
}
