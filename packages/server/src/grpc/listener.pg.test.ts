import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Http2Session, connect as http2Connect } from "node:http2";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { DispatcherService } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, testClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const file = (name: string): string => fileURLToPath(new URL(`../testing/tls/${name}`, import.meta.url));
const pem = (name: string): Buffer => readFileSync(file(name));
/** The name in the certificate. */
const byName = (grpcAddress: string): string => grpcAddress.replace("127.0.0.1", "localhost");
const serverPair = { cert: file("server.pem"), key: file("server.key.pem") };

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  await database?.drop();
});

async function getVersion(
  grpcAddress: string,
  token: string,
  channelCredentials: ReturnType<typeof credentials.createSsl>,
) {
  const client = testClient({ grpcAddress, token }, channelCredentials);
  try {
    return await call(client, DispatcherService.getVersion, {});
  } finally {
    client.close();
  }
}

test("serves over TLS to who trusts its certificate, and not in the clear", async () => {
  const server = await startTestServer(database.url, { tls: { ...serverPair, clientCa: undefined } });
  const grpcAddress = byName(server.running.grpcAddress);
  try {
    await expect(getVersion(grpcAddress, server.token, credentials.createSsl(pem("ca.pem")))).resolves.toBeDefined();
    await expect(getVersion(grpcAddress, server.token, credentials.createSsl())).rejects.toThrow(/UNAVAILABLE/);
    await expect(getVersion(grpcAddress, server.token, credentials.createInsecure())).rejects.toThrow(/UNAVAILABLE/);
  } finally {
    await server.stop();
  }
});

test("asks for a client's certificate when told so", async () => {
  const server = await startTestServer(database.url, { tls: { ...serverPair, clientCa: file("ca.pem") } });
  const grpcAddress = byName(server.running.grpcAddress);
  const known = credentials.createSsl(pem("ca.pem"), pem("client.key.pem"), pem("client.pem"));
  try {
    await expect(getVersion(grpcAddress, server.token, known)).resolves.toBeDefined();
    await expect(getVersion(grpcAddress, server.token, credentials.createSsl(pem("ca.pem")))).rejects.toThrow(
      /UNAVAILABLE/,
    );
  } finally {
    await server.stop();
  }
});

test("says in a sentence that a port is taken, and leaves nothing running", async () => {
  const server = await startTestServer(database.url);
  const port = Number(server.running.grpcAddress.split(":")[1]);
  try {
    await expect(startTestServer(database.url, { grpcPort: port })).rejects.toMatchObject({
      code: "unavailable",
      message: `cannot listen for gRPC on 127.0.0.1:${port}: another program has it`,
    });
  } finally {
    await server.stop();
  }
});

test("answers pings however often they come, without a call open", async () => {
  const server = await startTestServer(database.url);
  const session = http2Connect(`http://${server.running.grpcAddress}`);
  let goaway: number | undefined;
  session.on("goaway", (code: number) => {
    goaway = code;
  });
  session.on("error", () => {});
  await once(session, "connect");
  try {
    for (let i = 0; i < 100; i++) await ping(session);
    expect(goaway).toBeUndefined();
  } finally {
    session.destroy();
    await server.stop();
  }
});

function ping(session: Http2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.ping((error) => (error ? reject(error) : resolve()));
  });
}
