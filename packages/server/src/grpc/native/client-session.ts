import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import { isUuid, type RunId, ShortLivedSet } from "@helve/core";
import type { TriggerRequest } from "@helve/engine";
import { requireMayTrigger } from "../../auth/may-trigger.ts";
import { endOnError } from "../calls.ts";
import type { CallContext, Edge } from "../edge.ts";
import { MAX_UNREAD, POSTPONED_AT_ONCE } from "../limits.ts";
import { newClientFrame, readTrigger, runEnded, runUnknown } from "./client-frames.ts";
import { Outbox } from "./outbox.ts";
import { refusal } from "./refusal.ts";

/** Until then a run that was just asked for may still be on its way into the database, from another client. */
const UNKNOWN_AFTER_MS = 1_000;

type ClientCall = ServerDuplexStream<helve.ClientFrame, helve.EngineToClient>;

/** helve.v1.Sessions/Client: a program's triggers and the results it waits for, all on one stream. */
export function clientSession(edge: Edge, caller: CallContext, call: ClientCall): void {
  const session = new ClientSession(edge, caller, call);
  call.on("data", (frame: helve.ClientFrame) => endOnError(edge, call, () => session.take(frame)));
  call.on("end", () => session.finish());
  call.once("close", () => session.close());
}

class ClientSession {
  readonly #edge: Edge;
  readonly #caller: CallContext;
  readonly #outbox: Outbox<helve.EngineToClient>;
  /** Runs that are waited for. */
  readonly #waiting = new ShortLivedSet<RunId>();
  /** One for each batch of runs that is not wholly answered. */
  readonly #stops = new ShortLivedSet<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Runs that ended while much was unread. Their results are not kept: they are looked up when the program reads again. */
  readonly #postponed: RunId[] = [];
  readonly #triggersUnderWay = new ShortLivedSet<TriggerRequest[]>();
  #isFinishing = false;

  constructor(edge: Edge, caller: CallContext, call: ClientCall) {
    this.#edge = edge;
    this.#caller = caller;
    this.#outbox = new Outbox<helve.EngineToClient>(call, newClientFrame, false, () => this.#tellPostponed());
    call.once(
      "close",
      edge.openCalls.watch(() => this.#outbox.backlog()),
    );
  }

  take({ triggers, subscribe }: helve.ClientFrame): void {
    for (const trigger of triggers) void this.#trigger(trigger);
    if (subscribe.length > 0) this.#subscribe(subscribe);
  }

  /** The program has no more to say. It still gets what it waits for, and then the stream ends. */
  finish(): void {
    this.#isFinishing = true;
    this.#endIfFinished();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stops.clear();
    this.#timers.clear();
    this.#waiting.clear();
    // The client asks again, perhaps elsewhere, and sooner than these are written.
    for (const trigger of [...this.#triggersUnderWay].flat()) trigger.isRepeated = true;
  }

  async #trigger({ request, runs, wait, again }: helve.TriggerRequest): Promise<void> {
    let reply: helve.TriggerReply;
    const triggers: TriggerRequest[] = [];
    this.#triggersUnderWay.add(triggers);
    try {
      for (const run of runs) triggers.push(readTrigger(run, again));
      requireMayTrigger(this.#caller.scope, triggers);
      const runIds = await this.#edge.engine.triggerRuns(this.#caller.tenantId, triggers);
      reply = { request, runIds };
    } catch (error) {
      reply = { request, runIds: [], refusal: refusal(error, "TriggerRequest", this.#edge.log) };
    }
    this.#outbox.add(reply.runIds.length * ID_CHARACTERS, (frame) => frame.triggered.push(reply));
    if (wait && reply.runIds.length > 0) this.#wait(reply.runIds);
    this.#triggersUnderWay.delete(triggers);
    this.#endIfFinished();
  }

  #subscribe(ids: readonly string[]): void {
    const runIds: RunId[] = [];
    for (const id of ids) {
      if (isUuid(id)) runIds.push(id.toLowerCase());
      else this.#answer(runUnknown(id), id.length);
    }
    this.#wait(runIds);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#findUnknown(runIds).catch((err) => this.#edge.log.error({ err }, "looking for unknown runs failed"));
    }, UNKNOWN_AFTER_MS);
    this.#timers.add(timer);
  }

  /** Waits for runs that are not waited for already. Each is answered once. */
  #wait(runIds: readonly RunId[]): void {
    const added = runIds.filter((runId) => !this.#waiting.has(runId));
    const runs = [...new Set(added)];
    if (runs.length === 0) return;
    for (const runId of runs) this.#waiting.add(runId);
    let open = runs.length;
    let stop: (() => void) | undefined;
    const unlisten = this.#edge.engine.onRunEnded(this.#caller.tenantId, runs, (result) => {
      open--;
      if (open === 0 && stop) this.#stops.delete(stop);
      if (this.#outbox.backlog() > MAX_UNREAD) return void this.#postponed.push(result.runId);
      if (!this.#waiting.delete(result.runId)) return;
      const { message, characters } = runEnded(result);
      this.#answer(message, characters);
    });
    // All of them may have ended long ago and been answered within the call.
    if (open === 0) return;
    stop = unlisten;
    this.#stops.add(stop);
  }

  #tellPostponed(): void {
    if (this.#postponed.length === 0 || this.#outbox.backlog() > MAX_UNREAD / 2) return;
    const runIds = this.#postponed.splice(0, POSTPONED_AT_ONCE);
    for (const runId of runIds) this.#waiting.delete(runId);
    this.#wait(runIds);
  }

  /** Answers for those of the runs that nobody has ever heard of. */
  async #findUnknown(runIds: readonly RunId[]): Promise<void> {
    const { engine } = this.#edge;
    const waiting = runIds.filter((runId) => this.#waiting.has(runId));
    for (const runId of await engine.findUnknownRuns(this.#caller.tenantId, waiting)) {
      if (this.#waiting.delete(runId)) this.#answer(runUnknown(runId), runId.length);
    }
  }

  #answer(message: helve.RunEnded, characters: number): void {
    this.#outbox.add(characters, (frame) => frame.ended.push(message));
    this.#endIfFinished();
  }

  #endIfFinished(): void {
    if (this.#isFinishing && this.#triggersUnderWay.size === 0 && this.#waiting.size === 0) this.#outbox.end();
  }
}

const ID_CHARACTERS = 38;
