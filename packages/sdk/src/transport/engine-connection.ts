import { Channel, type ChannelCredentials, type ChannelOptions, Metadata } from "@grpc/grpc-js";
import { DispatcherClient, EventsServiceClient, helve, v1 } from "@helve/contracts";
import type { ClientConfig } from "../config/client-config.ts";
import { channelCredentials } from "./credentials.ts";

/**
 * One connection to the engine and the services reached over it. Nothing is dialled before the first call.
 *
 * A worker has a connection of its own: what the engine concludes from losing it is then about that worker alone, and a
 * burst of triggers from the same process does not stand in the way of its reports.
 */
export class EngineConnection {
  readonly address: string;
  readonly metadata: Metadata;
  readonly sessions: helve.SessionsClient;
  readonly admin: v1.AdminServiceClient;
  readonly dispatcher: DispatcherClient;
  readonly events: EventsServiceClient;
  readonly #channel: Channel;

  constructor(config: ClientConfig, credentials: ChannelCredentials = channelCredentials(config.tls_config)) {
    this.address = config.host_port;
    this.metadata = new Metadata();
    this.metadata.set("authorization", `bearer ${config.token}`);
    this.#channel = new Channel(config.host_port, credentials, channelOptions(config));
    const shared = { channelOverride: this.#channel };
    this.sessions = new helve.SessionsClient(config.host_port, credentials, shared);
    this.admin = new v1.AdminServiceClient(config.host_port, credentials, shared);
    this.dispatcher = new DispatcherClient(config.host_port, credentials, shared);
    this.events = new EventsServiceClient(config.host_port, credentials, shared);
  }

  /** Ends every call. Idempotent. */
  close(): void {
    this.#channel.close();
  }
}

function channelOptions(config: ClientConfig): ChannelOptions {
  const tls = config.tls_config;
  return {
    "grpc.max_receive_message_length": config.grpc_max_recv_message_length,
    "grpc.max_send_message_length": config.grpc_max_send_message_length,
    // A link that swallows packets is noticed within 20 s, and so is an engine that stands still: one that does not answer
    // for 10 s has lost its lease. Engines count on workers being back by then (engine/src/sweeper.ts).
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    // Sessions and calls do their own retrying; the channel is to try whenever they do.
    "grpc.enable_retries": 0,
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.service_config_disable_resolution": 1,
    // Not shared with other clients of this process.
    "grpc.use_local_subchannel_pool": 1,
    // The default window of 64 KiB stops a frame of a few hundred tasks in its middle.
    "grpc-node.flow_control_window": 4 * 1024 * 1024,
    ...(tls.tls_strategy !== "none" && tls.server_name ? { "grpc.ssl_target_name_override": tls.server_name } : {}),
  };
}
