import { describe, expect, test } from "vitest";
import { unsignedToken } from "../testing/unsigned-token.ts";
import { resolveConfig } from "./resolve-config.ts";

const token = unsignedToken({ grpcAddress: "engine:7070", serverUrl: "http://engine:8080", tenantId: "tenant-1" });

describe("resolveConfig", () => {
  test("takes tenant and addresses from the token", () => {
    const config = resolveConfig({ token }, {});
    expect(config).toMatchObject({ tenant_id: "tenant-1", host_port: "engine:7070", api_url: "http://engine:8080" });
    expect(config.tls_config.tls_strategy).toBe("tls");
    expect(config.namespace).toBe("");
  });

  test("prefers options to the environment, and the environment to the token", () => {
    const env = {
      HATCHET_CLIENT_TOKEN: token,
      HATCHET_CLIENT_HOST_PORT: "env:1",
      HATCHET_CLIENT_API_URL: "http://env",
    };
    expect(resolveConfig({}, env)).toMatchObject({ host_port: "env:1", api_url: "http://env" });
    expect(resolveConfig({ host_port: "given:2" }, env).host_port).toBe("given:2");
  });

  test("prefers variables of its own to those of Hatchet, and takes an empty one as unset", () => {
    const env = { HELVE_CLIENT_HOST_PORT: "helve:1", HATCHET_CLIENT_HOST_PORT: "hatchet:1" };
    expect(resolveConfig({ token }, env).host_port).toBe("helve:1");
    expect(resolveConfig({ token }, { ...env, HELVE_CLIENT_HOST_PORT: "" }).host_port).toBe("hatchet:1");
  });

  test("reads TLS, namespace, log level and message sizes from the environment", () => {
    const config = resolveConfig(
      { token },
      {
        HATCHET_CLIENT_TLS_STRATEGY: "mtls",
        HATCHET_CLIENT_TLS_ROOT_CA_FILE: "/ca.pem",
        HATCHET_CLIENT_TLS_SERVER_NAME: "engine.example",
        HATCHET_CLIENT_NAMESPACE: "Dev",
        HATCHET_CLIENT_LOG_LEVEL: "warn",
        HATCHET_CLIENT_GRPC_MAX_SEND_MESSAGE_LENGTH: "1000",
        HATCHET_CLIENT_WORKER_HEALTHCHECK_ENABLED: "true",
        HATCHET_CLIENT_WORKER_HEALTHCHECK_PORT: "9001",
      },
    );
    expect(config.tls_config).toMatchObject({
      tls_strategy: "mtls",
      ca_file: "/ca.pem",
      server_name: "engine.example",
    });
    expect(config.healthcheck).toEqual({ enabled: true, port: 9001, host: "127.0.0.1" });
    expect(config).toMatchObject({ namespace: "dev_", log_level: "WARN", grpc_max_send_message_length: 1000 });
  });

  test.each([
    ["no token", {}, {}, "HELVE_CLIENT_TOKEN"],
    ["a token that is cut", { token: "abc.def" }, {}, "no JWT"],
    ["a token without tenant", { token: unsignedToken({ tenantId: "" }) }, {}, "'sub'"],
    ["a token without address", { token: unsignedToken({}) }, {}, "HELVE_CLIENT_HOST_PORT"],
    ["an unknown TLS strategy", { token }, { HATCHET_CLIENT_TLS_STRATEGY: "maybe" }, "tls, mtls, none"],
    ["an unknown log level", { token }, { HATCHET_CLIENT_LOG_LEVEL: "loud" }, "OFF, DEBUG"],
    ["a size that is no number", { token }, { HATCHET_CLIENT_GRPC_MAX_RECV_MESSAGE_LENGTH: "4MB" }, "whole number"],
  ])("refuses %s and says what would help", (_case, options, env, text) => {
    expect(() => resolveConfig(options, env)).toThrow(text);
  });
});
