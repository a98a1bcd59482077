import {
  type CallOptions,
  type ChannelOptions,
  type ClientUnaryCall,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { DispatcherClient, EventsServiceClient, helve, v1, WorkflowServiceClient } from "@helve/contracts";
import type { EngineAddress } from "./engine.ts";

const DEADLINE_MS = 20_000;

/** Plain gRPC with the stubs of the contracts: for requests no client would send. */
export interface Grpc {
  dispatcher: DispatcherClient;
  workflows: WorkflowServiceClient;
  events: EventsServiceClient;
  admin: v1.AdminServiceClient;
  sessions: helve.SessionsClient;
  /** The token, as every call has to carry it. */
  metadata: Metadata;
  close(): void;
}

interface ConnectionOptions {
  /** Stands for `bearer <token>`; given as undefined, nothing is sent. */
  authorization?: string | undefined;
  /** Compresses every request. */
  gzip?: boolean;
  /** Further options of the channel. */
  channel?: ChannelOptions;
}

/** Opens a connection per service, shared with nobody. */
export function openGrpc(engine: EngineAddress, options: ConnectionOptions = {}): Grpc {
  const authorization = "authorization" in options ? options.authorization : `bearer ${engine.token}`;
  const channel: ChannelOptions = {
    // Connections are shared within a process otherwise, and a worker that closes its own would not be gone.
    "grpc.use_local_subchannel_pool": 1,
    // Requests above the engine's limit have to leave the client.
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": -1,
    ...(options.gzip ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}),
    ...options.channel,
  };
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  const plain = credentials.createInsecure();
  const dispatcher = new DispatcherClient(engine.grpcAddress, plain, channel);
  const workflows = new WorkflowServiceClient(engine.grpcAddress, plain, channel);
  const events = new EventsServiceClient(engine.grpcAddress, plain, channel);
  const admin = new v1.AdminServiceClient(engine.grpcAddress, plain, channel);
  const sessions = new helve.SessionsClient(engine.grpcAddress, plain, channel);
  return {
    dispatcher,
    workflows,
    events,
    admin,
    sessions,
    metadata,
    close() {
      for (const client of [dispatcher, workflows, events, admin, sessions]) client.close();
    },
  };
}

type UnaryMethod<Request, Reply> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, reply: Reply) => void,
) => ClientUnaryCall;

type RequestOf<Method> = Method extends UnaryMethod<infer Request, infer _Reply> ? Request : never;
type ReplyOf<Method> = Method extends UnaryMethod<infer _Request, infer Reply> ? Reply : never;

/** A unary call as a promise, with a deadline: `await call(grpc, "dispatcher", "getVersion", {})`. */
export function call<Service extends "dispatcher" | "workflows" | "events" | "admin", Name extends keyof Grpc[Service]>(
  grpc: Grpc,
  service: Service,
  name: Name,
  request: RequestOf<Grpc[Service][Name]>,
): Promise<ReplyOf<Grpc[Service][Name]>> {
  const client = grpc[service];
  const method = client[name] as UnaryMethod<unknown, ReplyOf<Grpc[Service][Name]>>;
  return new Promise((resolve, reject) => {
    method.call(client, request, grpc.metadata, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
      if (error) reject(error);
      else resolve(reply);
    });
  });
}

/** How a call ended: the code's name and the text; `OK` for one that was answered. */
export interface Ending {
  code: string;
  text: string;
}

/** For calls that are expected to be refused. */
export async function ending(call: Promise<unknown>): Promise<Ending> {
  try {
    await call;
    return { code: "OK", text: "" };
  } catch (error) {
    return describeEnd(error as ServiceError);
  }
}

/** Code and text of a failed call or stream. */
export function describeEnd(error: ServiceError): Ending {
  return { code: status[error.code] ?? String(error), text: error.details ?? String(error) };
}
