import { expect, test } from "vitest";
import { DEFAULTS, readConfig } from "./config.ts";
import { describeOptions, OPTIONS } from "./options.ts";

test("says nothing, gets what holds for one machine", () => {
  expect(readConfig([], {})).toEqual(DEFAULTS);
});

test("reads the environment, and flags before it", () => {
  const env = {
    HELVE_GRPC_PORT: "1",
    HELVE_HTTP_PORT: "0",
    HELVE_DATA_DIR: "/data",
    DATABASE_URL: "postgres://db/helve",
  };

  expect(readConfig(["--grpc-port", "7777", "--ready-file=/tmp/ready"], env)).toMatchObject({
    grpcPort: 7777,
    httpPort: 0,
    dataDir: "/data",
    databaseUrl: "postgres://db/helve",
    readyFile: "/tmp/ready",
  });
});

test("an empty variable counts as none", () => {
  expect(readConfig([], { DATABASE_URL: "", HELVE_GRPC_PORT: "" })).toEqual(DEFAULTS);
});

test.each([
  [["--grpc-port", "x"], "--grpc-port is 'x': it must be a port from 1 to 65535, or 0 for any that is free"],
  [
    ["--otlp-endpoint", "http://collector:4317", "--otlp-protocol", "grpc"],
    "--otlp-protocol is 'grpc': it must be http/protobuf or http/json",
  ],
  [["--http-port", "70000"], "--http-port is '70000': it must be a port from 1 to 65535, or 0 for any that is free"],
  [
    ["--database-url", "mysql://user:secret@db/x"],
    "--database-url must be a URL that begins with postgres:// or postgresql://",
  ],
  [
    ["--public-grpc-address", "http://x:1"],
    "--public-grpc-address is 'http://x:1': it must be host:port, without a scheme",
  ],
  [["--public-url", "x"], "--public-url must be a URL that begins with http:// or https://"],
  [["--tls-cert", "c.pem"], "TLS needs both --tls-cert and --tls-key"],
  [["--log-level", "loud"], "--log-level is 'loud': it must be one of trace, debug, info, warn, error, fatal, silent"],
  [
    ["--host", "0.0.0.0"],
    "host 0.0.0.0 can be reached from other machines: give --tls-cert and --tls-key, or --insecure to do without",
  ],
  [
    ["--bind-worker-names", "--tls-cert", "c", "--tls-key", "k"],
    "--bind-worker-names needs --tls-client-ca, or workers have no certificate to show",
  ],
  [
    ["--require-http-certs", "--tls-cert", "c", "--tls-key", "k"],
    "--require-http-certs needs --tls-client-ca, which says whose certificates are good",
  ],
  [["--direct-database-url", "postgres://db/x"], "--direct-database-url needs --database-url beside it"],
  [["--nats-url", "nats://a:4222,http://b"], "--nats-url must be a URL that begins with nats:// or tls://"],
  [["--nats-url", "nats://a"], "--nats-url needs --database-url beside it: an embedded database has one engine"],
])("refuses %j in one sentence", (args, sentence) => {
  expect(() => readConfig(args, {})).toThrow(sentence);
});

test("names a flag that does not exist, and those that do", () => {
  expect(() => readConfig(["--grpc-prot", "1"], {})).toThrow(
    /^Unknown option '--grpc-prot'\. Flags are: .*--grpc-port/,
  );
});

test("names the variable when the mistake stands there", () => {
  expect(() => readConfig([], { HELVE_GRPC_PORT: "x" })).toThrow("HELVE_GRPC_PORT is 'x'");
  expect(() => readConfig([], { HELVE_ALLOW_INSECURE: "yes" })).toThrow("HELVE_ALLOW_INSECURE is 'yes'");
});

test.each([["--insecure"], ["--tls-cert", "c", "--tls-key", "k"]])("listens for other machines with %s", (...args) => {
  expect(readConfig(["--host", "0.0.0.0", ...args], {}).host).toBe("0.0.0.0");
});

test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("takes %s for this machine alone", (host) => {
  expect(readConfig(["--host", host], {}).host).toBe(host);
});

test("a public URL loses its slash at the end, since paths are put behind it", () => {
  expect(readConfig(["--public-url", "https://helve.example/"], {}).publicUrl).toBe("https://helve.example");
});

test("describes every option", () => {
  for (const [flag, { env }] of Object.entries(OPTIONS)) {
    expect(describeOptions()).toContain(`--${flag}`);
    expect(describeOptions()).toContain(env);
  }
});
