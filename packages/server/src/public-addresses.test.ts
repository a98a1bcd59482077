import { expect, test } from "vitest";
import { DEFAULTS } from "./config.ts";
import { publicAddresses } from "./public-addresses.ts";

const ports = { grpcPort: 7070, httpPort: 8080 };

test.each([
  ["127.0.0.1", "127.0.0.1:7070", "http://127.0.0.1:8080"],
  ["::1", "[::1]:7070", "http://[::1]:8080"],
  ["0.0.0.0", "localhost:7070", "http://localhost:8080"],
])("listening on %s, clients dial %s and %s", (host, grpcAddress, serverUrl) => {
  expect(publicAddresses({ ...DEFAULTS, host }, ports)).toEqual({ grpcAddress, serverUrl });
});

test("addresses that were given are passed on", () => {
  const given = { ...DEFAULTS, publicGrpcAddress: "grpc.example:443", publicUrl: "https://helve.example" };

  expect(publicAddresses(given, ports)).toEqual({
    grpcAddress: "grpc.example:443",
    serverUrl: "https://helve.example",
  });
});

test("with TLS the URL says so", () => {
  const tls = { cert: "c", key: "k", clientCa: undefined };

  expect(publicAddresses({ ...DEFAULTS, tls }, ports).serverUrl).toBe("https://127.0.0.1:8080");
});
