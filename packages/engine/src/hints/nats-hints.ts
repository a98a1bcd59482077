import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import type { HintTransport, OpenTransport } from "./hint-bus.ts";

const RECONNECT_MS = 500;
/** A server that is frozen, or whose machine is gone, is noticed after two of these. */
const PING_MS = 5000;

export interface NatsHintsOptions {
  /** `nats://` or `tls://`, with user and password or a token where the server asks for them; several behind commas. */
  url: string;
  /** Names the cluster on a NATS that several of them share. */
  cluster: () => Promise<string>;
  /** Why there is no connection, each time that changes for the worse. */
  onError: (error: unknown) => void;
}

/** Hints over NATS, without JetStream: nothing is kept for who is not there. */
export function natsHints(options: NatsHintsOptions): OpenTransport {
  return (onText, onGap) => new NatsHints(options, onText, onGap);
}

/**
 * One connection, made again by itself. A replica starts and works without it: all that it loses is time. While there is none,
 * hints are dropped and not kept, since by the time they could be sent everybody has looked.
 */
class NatsHints implements HintTransport {
  /** Far below what servers take by default, 1 MiB. */
  readonly maxBytes = 256 * 1024;
  readonly #options: NatsHintsOptions;
  readonly #onText: (text: string) => void;
  readonly #onGap: () => void;
  #subject = "";
  #connection: NatsConnection | undefined;
  #isConnected = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #connecting: Promise<void> = Promise.resolve();

  constructor(options: NatsHintsOptions, onText: (text: string) => void, onGap: () => void) {
    this.#options = options;
    this.#onText = onText;
    this.#onGap = onGap;
  }

  async start(): Promise<void> {
    this.#subject = `helve.hints.${await this.#options.cluster()}`;
    await this.#connect(true);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    await this.#connection?.close();
  }

  async send(text: string): Promise<void> {
    if (this.#isConnected) this.#connection?.publish(this.#subject, text);
  }

  /** Tries until a server is there for the first time; the library looks after the connection from then on. */
  async #connect(isFirst: boolean): Promise<void> {
    try {
      // Loaded for those who use it: it takes a start longer.
      const { connect } = await import("@nats-io/transport-node");
      const connection = await connect(natsOptions(this.#options.url));
      this.#connection = connection;
      this.#isConnected = true;
      connection.subscribe(this.#subject, {
        callback: (error, message) => {
          if (!error) this.#onText(message.string());
        },
      });
      void this.#follow(connection);
      if (!isFirst) this.#onGap();
    } catch (error) {
      if (isFirst) this.#options.onError(error);
      if (this.#isStopped) return;
      this.#timer = setTimeout(() => {
        this.#connecting = this.#connect(false);
      }, RECONNECT_MS);
    }
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#isConnected = false;
        if (!this.#isStopped) this.#options.onError(new Error(`the connection to ${status.server} is gone`));
      } else if (status.type === "reconnect") {
        this.#isConnected = true;
        this.#onGap();
      } else if (status.type === "error") {
        this.#options.onError(status.error);
      }
    }
  }
}

/** The library takes addresses, and what is secret apart from them. */
function natsOptions(text: string): NodeConnectionOptions {
  const urls = text.split(",").map((url) => new URL(url.trim()));
  const [{ username, password, protocol }] = urls as [URL];
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port || 4222}`),
    name: "helve",
    noEcho: true,
    pingInterval: PING_MS,
    maxPingOut: 1,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    ...(protocol === "tls:" && { tls: {} }),
    ...(pass ? { user, pass } : user ? { token: user } : {}),
  };
}
