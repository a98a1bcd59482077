import pino from "pino";
import { type ServeOptions, serve } from "../main.ts";
import type { Running } from "../serve.ts";
import { type TestClient, testClient } from "./test-client.ts";

/** A server on free ports, with a token of its default tenant and a connected client. */
export interface TestServer {
  running: Running;
  token: string;
  client: TestClient;
  /** Another connection, with its own life. */
  connect(): TestClient;
  stop(): Promise<void>;
}

/** Starts a server on a migrated database. */
export async function startTestServer(databaseUrl: string, options: ServeOptions = {}): Promise<TestServer> {
  const running = await serve({ databaseUrl, grpcPort: 0, httpPort: 0, log: pino({ level: "silent" }), ...options });
  const token = await running.mintToken("test");
  const clients: TestClient[] = [];
  const connect = (): TestClient => {
    const client = testClient({ grpcAddress: running.grpcAddress, token });
    clients.push(client);
    return client;
  };
  return {
    running,
    token,
    client: connect(),
    connect,
    async stop() {
      for (const client of clients) client.close();
      await running.stop();
    },
  };
}
