import {
  type ChannelCredentials,
  type ClientOptions,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { DispatcherClient, helve } from "@helve/contracts";
import type { Running } from "../serve.ts";

/** One connection to a server of its own, as one client program has. */
export interface TestClient {
  /** For its streams, and as the channel of every unary call. */
  dispatcher: DispatcherClient;
  sessions: helve.SessionsClient;
  /** Goes with every call. */
  metadata: Metadata;
  close(): void;
}

/** Connects with the server's token, or with another text in its place. */
export function testClient(
  { grpcAddress, token }: Pick<Running, "grpcAddress" | "token">,
  channelCredentials: ChannelCredentials = credentials.createInsecure(),
  options: ClientOptions = {},
): TestClient {
  const metadata = new Metadata();
  if (token) metadata.set("authorization", `Bearer ${token}`);
  const dispatcher = new DispatcherClient(grpcAddress, channelCredentials, {
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  const sessions = new helve.SessionsClient(grpcAddress, channelCredentials, {
    channelOverride: dispatcher.getChannel(),
  });
  return {
    dispatcher,
    sessions,
    metadata,
    close: () => dispatcher.close(),
  };
}

/** A method of a service definition, such as `DispatcherService.register`. */
type UnaryMethod<Request, Response> = Pick<
  MethodDefinition<Request, Response>,
  "path" | "requestSerialize" | "responseDeserialize"
>;

/** A unary call as a promise; rejects with the ServiceError. */
export function call<Request, Response>(
  { dispatcher, metadata }: TestClient,
  { path, requestSerialize, responseDeserialize }: UnaryMethod<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    dispatcher.makeUnaryRequest<Request, Response>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + DEADLINE_MS },
      (error: ServiceError | null, response?: Response) => (error ? reject(error) : resolve(response as Response)),
    );
  });
}

const DEADLINE_MS = 15_000;
