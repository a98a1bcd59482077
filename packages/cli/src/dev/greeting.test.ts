import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryIo } from "../testing/memory-io.ts";
import { addressLines, nextLines } from "./greeting.ts";

const TOKEN = "ey.token.text";
const HTTP_URL = "http://127.0.0.1:8080";
const terminal = () => memoryIo({ isTerminal: true }).out;
const next = (place: Omit<Parameters<typeof nextLines>[0], "httpUrl">, output = terminal()) =>
  nextLines({ httpUrl: HTTP_URL, ...place }, true, output).join("\n");

describe("the greeting", () => {
  it("says where everything listens", () => {
    const lines = addressLines(
      {
        grpcAddress: "127.0.0.1:7070",
        httpUrl: "http://127.0.0.1:8080",
        dataDir: "/data",
        workerPid: 42,
        afterMs: 812,
      },
      terminal(),
    );
    expect(lines.join("\n")).toBe(
      [
        "✓ Helve can run tasks after 0.81 s",
        "",
        "  gRPC      127.0.0.1:7070",
        "  HTTP      http://127.0.0.1:8080",
        "  Database  embedded PostgreSQL in /data",
        "  Worker    sample-worker, process 42",
        "",
      ].join("\n"),
    );
  });

  it("shows a new token to a person, in a link to the dashboard", () => {
    const text = next({ token: TOKEN, file: "/data/token", isNew: true });
    expect(text.split("\n")).toContain(`${HTTP_URL}/#token=${TOKEN}`);
    expect(text.split(TOKEN)).toHaveLength(2);
  });

  it("shows a token that is kept nowhere, since nobody could look it up", () => {
    expect(next({ token: TOKEN, file: undefined, isNew: true }).split("\n")).toContain(TOKEN);
  });

  it("does not show a token twice", () => {
    const text = next({ token: TOKEN, file: "/data/token", isNew: false });
    expect(text).not.toContain(TOKEN);
    expect(text).toContain('HELVE_CLIENT_TOKEN="$(cat /data/token)"');
    expect(text).toContain("npx helve dashboard");
  });

  it("shows no token where nobody looks: it may be a log", () => {
    for (const file of ["/data/token", undefined]) {
      expect(next({ token: TOKEN, file, isNew: true }, memoryIo().out)).not.toContain(TOKEN);
    }
  });

  it("writes paths that a shell understands", () => {
    const file = (path: string) => next({ token: TOKEN, file: path, isNew: false });
    expect(file(join(homedir(), "data", "token"))).toContain("$(cat ~/data/token)");
    expect(file("/my data/to'ken")).toContain("$(cat '/my data/to'\\''ken')");
  });
});
