import type { handleUnaryCall, Server, ServiceDefinition } from "@grpc/grpc-js";
import { unary } from "./calls.ts";
import type { Edge } from "./edge.ts";

/** Nothing of it is read, so it is not decoded. */
const COLLECTOR: ServiceDefinition<{ export: handleUnaryCall<Buffer, Buffer> }> = {
  export: {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/** An empty ExportTraceServiceResponse: everything taken. */
const TAKEN = Buffer.alloc(0);

/**
 * Published clients send their spans to the engine they work for, and complain in their logs when it does not take them.
 * So they are taken, and dropped.
 */
export function addTraceCollector(server: Server, edge: Edge): void {
  server.addService(COLLECTOR, { export: unary(edge, () => TAKEN) });
}
