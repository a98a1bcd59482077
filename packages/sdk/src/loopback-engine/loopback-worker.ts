import { randomUUID } from "node:crypto";
import type { ServerDuplexStream, status } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import { FrameWriter } from "../transport/frame-writer.ts";
import type { LoopbackRuns, LoopbackSlots } from "./loopback-runs.ts";

/** What a test can make the engine do to workers. */
export interface WorkerControls {
  /** Whether nothing is acknowledged. */
  holdsAcknowledgements: boolean;
  /** Attempts that a returning worker is told to have lost. */
  lost: helve.Attempt[];
  /** What they are told to log when they register. */
  notice: string;
  heartbeatMs: number;
  /** Every frame that a worker has sent, and on which of its streams. */
  readonly frames: { stream: number; frame: helve.WorkerFrame }[];
  /** Whether frames are kept; they take memory. */
  recordsFrames: boolean;
  /** Called after each frame was taken. */
  onFrame: (frame: helve.WorkerFrame) => void;
}

/** One stream of a worker. */
export class LoopbackWorker implements LoopbackSlots {
  readonly call: ServerDuplexStream<helve.WorkerFrame, helve.EngineToWorker>;
  readonly #runs: LoopbackRuns;
  readonly #controls: WorkerControls;
  readonly #stream: number;
  readonly #writer: FrameWriter<helve.EngineToWorker>;
  #next: helve.EngineToWorker = emptyFrame();
  #hasNews = false;
  #lastFrame = 0;
  #isBroken = false;
  actions: ReadonlySet<string> = new Set();
  workerId = "";
  free = 0;

  constructor(
    call: ServerDuplexStream<helve.WorkerFrame, helve.EngineToWorker>,
    runs: LoopbackRuns,
    controls: WorkerControls,
    stream: number,
  ) {
    this.call = call;
    this.#runs = runs;
    this.#controls = controls;
    this.#stream = stream;
    this.#writer = new FrameWriter(call, () => this.#take());
    call.on("data", (frame: helve.WorkerFrame) => this.#received(frame));
    call.on("end", () => {
      this.#runs.workers.delete(this);
      call.end();
    });
    call.on("error", () => {});
    call.on("close", () => this.#runs.workers.delete(this));
  }

  assign(assignment: helve.Assignment): void {
    this.#news().assignments.push(assignment);
  }

  cancel(cancel: helve.Cancel): void {
    this.#news().cancels.push(cancel);
  }

  command(command: helve.Command): void {
    this.#news().command = command;
  }

  /** Ends the stream with an error; nothing is taken from it or written to it any more. */
  break(error: { code: status; details: string }): void {
    this.#isBroken = true;
    this.#writer.close();
    this.#runs.workers.delete(this);
    this.call.emit("error", error);
  }

  /** Acknowledges everything that was taken. */
  acknowledge(): void {
    this.#news().durableThrough = this.#lastFrame;
  }

  #news(): helve.EngineToWorker {
    this.#hasNews = true;
    this.#writer.wake();
    return this.#next;
  }

  #take(): helve.EngineToWorker | undefined {
    if (!this.#hasNews) return undefined;
    const frame = this.#next;
    this.#next = emptyFrame();
    this.#hasNews = false;
    return frame;
  }

  #received(frame: helve.WorkerFrame): void {
    if (this.#isBroken) return;
    this.#lastFrame = frame.number;
    if (this.#controls.recordsFrames) this.#controls.frames.push({ stream: this.#stream, frame });
    if (frame.register !== undefined) this.#register(frame.register);
    for (const report of frame.reports) this.#runs.report(report);
    for (const { request } of frame.refreshTimeouts) {
      this.#news().timeoutsRefreshed.push({ request, deadlineAt: Date.now() });
    }
    if (frame.draining) this.#runs.workers.delete(this);
    if (!this.#controls.holdsAcknowledgements) this.acknowledge();
    if (frame.reports.length > 0 || frame.register !== undefined) this.#runs.handOut();
    this.#controls.onFrame(frame);
  }

  #register(register: helve.Register): void {
    this.workerId = register.workerId ?? randomUUID();
    this.actions = new Set(register.actions);
    this.free = register.slots.default ?? 0;
    if (register.workerId !== undefined) this.#runs.adopt(this, register.holding);
    this.#news().registered = {
      protocol: 1,
      tenantId: "11111111-1111-7111-8111-111111111111",
      workerId: this.workerId,
      heartbeatMs: this.#controls.heartbeatMs,
      lost: register.workerId === undefined ? [] : this.#controls.lost,
      notice: this.#controls.notice,
    };
    this.#runs.workers.add(this);
  }
}

function emptyFrame(): helve.EngineToWorker {
  return { assignments: [], cancels: [], timeoutsRefreshed: [] };
}
