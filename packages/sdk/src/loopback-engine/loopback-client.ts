import type { ServerDuplexStream, status } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import { FrameWriter } from "../transport/frame-writer.ts";
import type { LoopbackRuns } from "./loopback-runs.ts";

/** What a test can make the engine do to clients. */
export interface ClientControls {
  /** Whether triggers are taken and never answered. */
  swallowsTriggers: boolean;
  /** Refusals for the next triggers, one each. */
  readonly refusals: helve.Refusal[];
  /** How many triggers have come. */
  triggerFrames: number;
  triggers: number;
  /** The one that came last. */
  lastTrigger?: helve.TriggerRequest;
}

/** One stream of a client. */
export class LoopbackClient {
  readonly call: ServerDuplexStream<helve.ClientFrame, helve.EngineToClient>;
  readonly #runs: LoopbackRuns;
  readonly #controls: ClientControls;
  readonly #writer: FrameWriter<helve.EngineToClient>;
  #next: helve.EngineToClient = { triggered: [], ended: [] };

  constructor(
    call: ServerDuplexStream<helve.ClientFrame, helve.EngineToClient>,
    runs: LoopbackRuns,
    controls: ClientControls,
  ) {
    this.call = call;
    this.#runs = runs;
    this.#controls = controls;
    this.#writer = new FrameWriter(call, () => this.#take());
    call.on("data", (frame: helve.ClientFrame) => this.#received(frame));
    call.on("end", () => call.end());
    call.on("error", () => {});
  }

  /** Ends the stream with an error. */
  break(error: { code: status; details: string }): void {
    this.#writer.close();
    this.call.emit("error", error);
  }

  #take(): helve.EngineToClient | undefined {
    const frame = this.#next;
    if (frame.triggered.length === 0 && frame.ended.length === 0) return undefined;
    this.#next = { triggered: [], ended: [] };
    return frame;
  }

  #received(frame: helve.ClientFrame): void {
    this.#controls.triggerFrames += 1;
    for (const trigger of frame.triggers) this.#trigger(trigger);
    for (const runId of frame.subscribe) {
      if (!this.#runs.onEnded(runId, this.#tellEnd)) this.#tellEnd({ runId, status: 0, tasks: [], unknown: true });
    }
    this.#runs.handOut();
    this.#writer.wake();
  }

  #trigger(trigger: helve.TriggerRequest): void {
    const { request, runs, wait } = trigger;
    this.#controls.triggers += 1;
    this.#controls.lastTrigger = trigger;
    if (this.#controls.swallowsTriggers) return;
    const refusal = this.#controls.refusals.shift();
    const runIds: string[] = [];
    if (refusal === undefined) {
      for (const run of runs) {
        const started = this.#runs.start(run);
        if (typeof started !== "string") {
          this.#reply({ request, runIds: [], refusal: started });
          return;
        }
        runIds.push(started);
      }
    }
    this.#reply({ request, runIds, refusal });
    if (wait) for (const runId of runIds) this.#runs.onEnded(runId, this.#tellEnd);
  }

  #reply(reply: helve.TriggerReply): void {
    this.#next.triggered.push(reply);
    this.#writer.wake();
  }

  readonly #tellEnd = (run: helve.RunEnded): void => {
    this.#next.ended.push(run);
    this.#writer.wake();
  };
}
