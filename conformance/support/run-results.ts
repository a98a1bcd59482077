import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { SubscribeToWorkflowRunsRequest, WorkflowRunEvent } from "@helve/contracts";
import { eventually } from "./eventually.ts";
import { describeEnd, type Ending, type Grpc } from "./grpc.ts";

/** The stream on which a program awaits runs. */
export class RunResults {
  /** Every answer, in the order they came. */
  readonly events: WorkflowRunEvent[] = [];
  readonly ended: Promise<Ending>;
  private readonly stream: ClientDuplexStream<SubscribeToWorkflowRunsRequest, WorkflowRunEvent>;

  constructor(grpc: Grpc) {
    this.stream = grpc.dispatcher.subscribeToWorkflowRuns(grpc.metadata);
    this.stream.on("data", (event: WorkflowRunEvent) => this.events.push(event));
    this.ended = new Promise((resolve) => {
      this.stream.on("error", (error: ServiceError) => resolve(describeEnd(error)));
      this.stream.on("end", () => resolve({ code: "OK", text: "" }));
    });
  }

  ask(run: string): void {
    this.stream.write({ workflowRunId: run });
  }

  /** Asks, and waits for the first answer about this run. */
  async of(run: string, timeoutMs = 10_000): Promise<WorkflowRunEvent> {
    this.ask(run);
    return this.answer(run, timeoutMs);
  }

  answer(run: string, timeoutMs = 10_000): Promise<WorkflowRunEvent> {
    return eventually(`the result of run ${run}`, timeoutMs, async () => this.answers(run)[0], 5);
  }

  answers(run: string): WorkflowRunEvent[] {
    return this.events.filter((event) => event.workflowRunId === run);
  }

  /** Says that nothing more will be asked. */
  halfClose(): void {
    this.stream.end();
  }

  cancel(): void {
    this.stream.cancel();
  }
}
