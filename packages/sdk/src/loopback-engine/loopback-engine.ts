import { randomUUID } from "node:crypto";
import { Server, ServerCredentials, type ServerUnaryCall, type ServiceError, status } from "@grpc/grpc-js";
import { helve, v1 } from "@helve/contracts";
import { unsignedToken } from "../testing/unsigned-token.ts";
import { type ClientControls, LoopbackClient } from "./loopback-client.ts";
import { LoopbackRuns } from "./loopback-runs.ts";
import { LoopbackWorker, type WorkerControls } from "./loopback-worker.ts";

type Answer<Response> = (error: Partial<ServiceError> | null, response?: Response) => void;

const BROKEN = { code: status.UNAVAILABLE, details: "broken by a test" };

/**
 * An engine in memory that speaks the native protocol over a real socket, for the tests of this package: what it does to
 * its peers is under the control of the test. It is no part of what the package exports.
 */
export class LoopbackEngine {
  readonly runs: LoopbackRuns = new LoopbackRuns();
  readonly workerControls: WorkerControls = {
    holdsAcknowledgements: false,
    lost: [],
    notice: "",
    heartbeatMs: 3_000,
    frames: [],
    recordsFrames: true,
    onFrame: () => {},
  };
  readonly clientControls: ClientControls = { swallowsTriggers: false, refusals: [], triggerFrames: 0, triggers: 0 };
  /** The next worker streams end with these codes instead of being served. */
  readonly workerRefusals: { code: status; details: string }[] = [];
  readonly clientRefusals: { code: status; details: string }[] = [];
  readonly putWorkflows: v1.CreateWorkflowVersionRequest[] = [];
  readonly workers: Set<LoopbackWorker> = new Set();
  readonly #clients = new Set<LoopbackClient>();
  #server = newServer();
  #port = 0;
  #workerStreams = 0;

  static async start(): Promise<LoopbackEngine> {
    const engine = new LoopbackEngine();
    await engine.listen();
    return engine;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get token(): string {
    return unsignedToken({ grpcAddress: this.address });
  }

  /** How many worker streams there have been. */
  get workerStreams(): number {
    return this.#workerStreams;
  }

  /** Listens, on the port it had before if it had one. */
  async listen(): Promise<void> {
    this.#server = newServer();
    this.#server.addService(helve.SessionsService, this.#sessions());
    this.#server.addService(v1.AdminServiceService, this.#admin() as unknown as v1.AdminServiceServer);
    this.#port = await new Promise<number>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.#server.bindAsync(this.address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
  }

  /** Cuts every connection and stops listening. What it knows stays. */
  crash(): void {
    this.#server.forceShutdown();
    this.workers.clear();
    this.#clients.clear();
  }

  /** Ends every worker stream with an error. */
  breakWorkerStreams(): void {
    for (const worker of this.workers) worker.break(BROKEN);
    this.workers.clear();
  }

  breakClientStreams(): void {
    for (const client of this.#clients) client.break(BROKEN);
    this.#clients.clear();
  }

  #sessions(): helve.SessionsServer {
    return {
      worker: (call) => {
        const refusal = this.workerRefusals.shift();
        if (refusal !== undefined) return void call.emit("error", refusal);
        this.#workerStreams += 1;
        const worker = new LoopbackWorker(call, this.runs, this.workerControls, this.#workerStreams);
        this.workers.add(worker);
        call.on("close", () => this.workers.delete(worker));
      },
      client: (call) => {
        const refusal = this.clientRefusals.shift();
        if (refusal !== undefined) return void call.emit("error", refusal);
        const client = new LoopbackClient(call, this.runs, this.clientControls);
        this.#clients.add(client);
        call.on("close", () => this.#clients.delete(client));
      },
    };
  }

  /** The calls that the SDK makes; the others answer UNIMPLEMENTED. */
  #admin(): object {
    return {
      putWorkflow: (
        { request }: ServerUnaryCall<v1.CreateWorkflowVersionRequest, v1.CreateWorkflowVersionResponse>,
        answer: Answer<v1.CreateWorkflowVersionResponse>,
      ) => {
        this.putWorkflows.push(request);
        this.runs.workflows.set(request.name, request);
        answer(null, { id: randomUUID(), workflowId: randomUUID() });
      },
      cancelTasks: (
        { request }: ServerUnaryCall<v1.CancelTasksRequest, v1.CancelTasksResponse>,
        answer: Answer<v1.CancelTasksResponse>,
      ) => {
        answer(null, { cancelledTasks: request.externalIds.filter((id) => this.runs.cancel(id)) });
      },
      getRunDetails: (
        { request }: ServerUnaryCall<v1.GetRunDetailsRequest, v1.GetRunDetailsResponse>,
        answer: Answer<v1.GetRunDetailsResponse>,
      ) => {
        const details = this.runs.details(request.externalId);
        if (details === undefined) return answer({ code: status.NOT_FOUND, details: "run not found" });
        const ended = [v1.RunStatus.COMPLETED, v1.RunStatus.FAILED, v1.RunStatus.CANCELLED][details.status];
        answer(null, {
          input: Buffer.from("{}"),
          status: (details.isDone ? ended : v1.RunStatus.RUNNING) ?? v1.RunStatus.RUNNING,
          taskRuns: {},
          done: details.isDone,
          additionalMetadata: Buffer.from("{}"),
          isEvicted: false,
        });
      },
    };
  }
}

function newServer(): Server {
  return new Server({ "grpc-node.flow_control_window": 4 * 1024 * 1024, "grpc.so_reuseport": 0 });
}
