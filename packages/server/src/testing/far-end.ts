import { once } from "node:events";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { helve } from "@helve/contracts";
import type { TestClient } from "./test-client.ts";

/** The far end of a stream of frames: what has come is kept, one can wait for what is to come. */
export class FarEnd<Sent, Received> {
  readonly stream: ClientDuplexStream<Sent, Received>;
  readonly #frames: Received[] = [];

  constructor(stream: ClientDuplexStream<Sent, Received>) {
    this.stream = stream;
    stream.on("data", (frame: Received) => this.#frames.push(frame));
    stream.on("error", () => {});
  }

  /** What has come so far. */
  get all(): readonly Received[] {
    return this.#frames;
  }

  /** The first thing, in any frame so far or to come, that `pick` finds. */
  async first<Thing>(pick: (frame: Received) => Thing | undefined): Promise<Thing> {
    for (;;) {
      for (const frame of this.#frames) {
        const thing = pick(frame);
        if (thing !== undefined) return thing;
      }
      await once(this.stream, "data");
    }
  }
}

/** A worker on the native stream; `send` numbers its frames and returns the number. */
export type NativeWorker = FarEnd<helve.WorkerFrame, helve.EngineToWorker> & {
  send(frame: Partial<helve.WorkerFrame>): number;
};

/** Opens the stream and registers. */
export function openWorker(from: TestClient, register: Partial<helve.Register>): NativeWorker {
  const far = new FarEnd(from.sessions.worker(from.metadata));
  let number = 0;
  const send = (frame: Partial<helve.WorkerFrame>): number => {
    far.stream.write(helve.WorkerFrame.create({ ...frame, number: ++number }));
    return number;
  };
  send({ register: helve.Register.create({ protocol: 1, name: "native", slots: { default: 10 }, ...register }) });
  return Object.assign(far, { send });
}

/** Picks the task of a run. */
export const assignmentOf =
  (runId: string, attempt = 1) =>
  (frame: helve.EngineToWorker): helve.Assignment | undefined =>
    frame.assignments.find((task) => task.runId === runId && task.attempt === attempt);

/** Picks the confirmation of a frame. */
export const durable =
  (number: number) =>
  ({ durableThrough }: helve.EngineToWorker): true | undefined =>
    durableThrough !== undefined && durableThrough >= number ? true : undefined;

/** Picks the end of a run. */
export const endOf =
  (runId: string) =>
  (frame: helve.EngineToClient): helve.RunEnded | undefined =>
    frame.ended.find((run) => run.runId === runId);
