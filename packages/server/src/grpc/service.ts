import type { MethodDefinition, Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { HelveError } from "@helve/core";
import { bidiStream, serverStream, unary } from "./calls.ts";
import type { Edge } from "./edge.ts";
import { inflating } from "./gzip.ts";
import { readingSafely } from "./unreadable.ts";

/**
 * Adds a service to a server. Its calls without a handler answer UNIMPLEMENTED with a sentence that names them, to who may
 * call them: clients then do without, or say what they miss.
 */
export function addService<Handlers extends UntypedServiceImplementation>(
  server: Server,
  edge: Edge,
  definition: ServiceDefinition<Handlers>,
  handlers: Partial<Handlers>,
): void {
  const methods: Record<string, MethodDefinition<unknown, unknown>> = {};
  const all: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries<MethodDefinition<unknown, unknown>>(definition)) {
    methods[name] = prepared(method);
    all[name] = (handlers as UntypedServiceImplementation)[name] ?? unserved(edge, method);
  }
  server.addService(methods, all);
}

/** Messages that come on a stream are left to grpc-js, which ends the stream at one that it cannot read. */
function prepared(method: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> {
  if (method.requestStream) return method;
  return readingSafely(method.responseStream ? method : inflating(method));
}

function unserved(edge: Edge, { path, requestStream, responseStream }: MethodDefinition<unknown, unknown>) {
  const refuse = (): never => {
    throw new HelveError("unimplemented", `This engine does not serve the call ${path}.`);
  };
  if (requestStream) return bidiStream(edge, refuse);
  return responseStream ? serverStream(edge, refuse) : unary(edge, refuse);
}
