import { credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import {
  DispatcherClient,
  DispatcherService,
  HeartbeatRequest,
  RuntimeInfo,
  v1,
  WorkerRegisterRequest,
} from "@helve/contracts";

/** Of an engine: where it listens for gRPC, and a token of it. */
export interface GrpcPlace {
  readonly grpcAddress: string;
  readonly token: string;
}

export interface RawWorkerOptions {
  readonly name: string;
  readonly actions?: readonly string[];
  readonly slots?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly runtime?: Partial<RuntimeInfo>;
  /** Between heartbeats. @default 1 s */
  readonly beatMs?: number;
}

/** A worker by hand, as an SDK of any age and language would be: it takes tasks and never ends one. */
export interface RawWorker {
  readonly id: string;
  /** Sends no more heartbeats, as a process that is frozen. */
  fallSilent(): void;
  leave(): void;
}

export async function rawWorker(place: GrpcPlace, options: RawWorkerOptions): Promise<RawWorker> {
  const { name, actions = [], slots = 10, labels = {}, runtime = {}, beatMs = 1_000 } = options;
  const connection = connect(place);
  const { workerId } = await connection.call(
    DispatcherService.register,
    WorkerRegisterRequest.create({
      workerName: name,
      actions: [...actions],
      slotConfig: { default: slots },
      labels: Object.fromEntries(Object.entries(labels).map(([key, strValue]) => [key, { strValue }])),
      runtimeInfo: RuntimeInfo.create(runtime),
    }),
  );
  const stream = connection.client.listenV2({ workerId }, connection.metadata);
  stream.on("error", () => {});
  stream.resume();
  const beat = () =>
    connection
      .call(DispatcherService.heartbeat, HeartbeatRequest.create({ workerId, heartbeatAt: new Date() }))
      // The engine may be away for a while.
      .catch(() => {});
  await beat();
  const beating = setInterval(beat, beatMs);
  return {
    id: workerId,
    fallSilent: () => clearInterval(beating),
    leave() {
      clearInterval(beating);
      stream.cancel();
      connection.client.close();
    },
  };
}

/** Registers a workflow of one task, whose action has the same name as the workflow. */
export async function putWorkflow(place: GrpcPlace, name: string): Promise<void> {
  const connection = connect(place);
  const only = v1.CreateTaskOpts.create({ readableId: "only", action: `${name}:only`, scheduleTimeout: "10m" });
  await connection.call(
    v1.AdminServiceService.putWorkflow,
    v1.CreateWorkflowVersionRequest.create({ name, tasks: [only] }),
  );
  connection.client.close();
}

/** Starts one run of a workflow. */
export async function trigger(place: GrpcPlace, name: string): Promise<void> {
  const connection = connect(place);
  await connection.call(
    v1.AdminServiceService.triggerWorkflowRun,
    v1.TriggerWorkflowRunRequest.create({ workflowName: name, input: Buffer.from("{}") }),
  );
  connection.client.close();
}

function connect({ grpcAddress, token }: GrpcPlace) {
  const client = new DispatcherClient(grpcAddress, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return {
    client,
    metadata,
    call<Request, Response>(
      method: Pick<MethodDefinition<Request, Response>, "path" | "requestSerialize" | "responseDeserialize">,
      request: Request,
    ): Promise<Response> {
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          metadata,
          (error, response) => (error ? reject(error) : resolve(response as Response)),
        );
      });
    },
  };
}
