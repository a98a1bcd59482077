import type { Event, PushEventRequest } from "@helve/contracts";
import { withNamespace } from "../config/namespace.ts";
import { HelveError } from "../errors.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { callUnary, type UnaryOptions } from "../transport/unary-call.ts";
import type { Priority } from "../workflow/priority.ts";

export interface PushEventOptions {
  additionalMetadata?: Record<string, string> | undefined;
  /** Of the runs it starts. */
  priority?: Priority | undefined;
  /** Narrows which filters and waits it can match. */
  scope?: string | undefined;
}

/** One event of several. */
export interface EventWithMetadata<T> {
  payload: T;
  additionalMetadata?: Record<string, unknown> | undefined;
  priority?: Priority | undefined;
  scope?: string | undefined;
}

/** Pushes events, which start runs of the workflows that name them. */
export class EventsClient {
  readonly #connection: EngineConnection;
  readonly #namespace: string;
  readonly #patienceMs: number;

  constructor(connection: EngineConnection, namespace: string, patienceMs: number) {
    this.#connection = connection;
    this.#namespace = namespace;
    this.#patienceMs = patienceMs;
  }

  /**
   * @returns the event as stored
   * @throws HelveError unimplemented when the engine does not serve events
   */
  async push<T>(key: string, payload: T, options: PushEventOptions = {}): Promise<Event> {
    const { events } = this.#connection;
    const request = this.#request(key, { payload, ...options });
    return callUnary(events.push.bind(events), request, this.#call("push")).catch(sayWhatIsMissing);
  }

  /**
   * Pushes all of the events or none.
   *
   * @returns them in the order given
   * @throws HelveError unimplemented when the engine does not serve events
   */
  async bulkPush<T>(key: string, inputs: EventWithMetadata<T>[], options: PushEventOptions = {}): Promise<Event[]> {
    const { events } = this.#connection;
    const request = { events: inputs.map((input) => this.#request(key, { ...options, ...input })) };
    const answer = await callUnary(events.bulkPush.bind(events), request, this.#call("bulkPush")).catch(
      sayWhatIsMissing,
    );
    return answer.events;
  }

  #call(what: string): UnaryOptions {
    return { what: `events.${what}`, metadata: this.#connection.metadata, patienceMs: this.#patienceMs };
  }

  #request(
    key: string,
    { payload, additionalMetadata, priority, scope }: EventWithMetadata<unknown>,
  ): PushEventRequest {
    return {
      key: withNamespace(key, this.#namespace),
      payload: JSON.stringify(payload ?? {}),
      eventTimestamp: new Date(),
      additionalMetadata: additionalMetadata && JSON.stringify(additionalMetadata),
      priority,
      scope,
    };
  }
}

function sayWhatIsMissing(error: unknown): never {
  if (!(error instanceof HelveError) || error.code !== "unimplemented") throw error;
  throw new HelveError("unimplemented", "this engine does not serve events yet: nothing was stored", { cause: error });
}
