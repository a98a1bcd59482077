import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "@helve/store/testing";
import { Child } from "./child.ts";
import { until } from "./until.ts";

const PROGRAM = "nats-server";
const LISTENS_MS = 60_000;

/** The server that carries the hints of a round, always on the same port. */
export class ChaosNats {
  readonly child: Child;
  readonly port: number;

  /** Resolves when it listens. @throws Error when there is no such program */
  static async start(folder: string, onUnexpectedExit: (what: string) => void): Promise<ChaosNats> {
    if (spawnSync(PROGRAM, ["--version"]).error) throw new Error(`there is no ${PROGRAM} here (Debian: ${PROGRAM})`);
    const nats = new ChaosNats(folder, await freePort(), onUnexpectedExit);
    nats.child.start();
    if (await until(LISTENS_MS, () => isListenedTo(nats.port))) return nats;
    await nats.child.close();
    throw new Error(`${PROGRAM} did not listen within ${LISTENS_MS} ms`);
  }

  private constructor(folder: string, port: number, onUnexpectedExit: (what: string) => void) {
    this.port = port;
    this.child = new Child({
      title: "nats",
      logFile: join(folder, "nats.log"),
      command: () => ({ program: PROGRAM, args: ["--addr", "127.0.0.1", "--port", `${port}`], env: {} }),
      onUnexpectedExit,
    });
  }
}

/** @throws when nobody does */
async function isListenedTo(port: number): Promise<true> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } finally {
    socket.destroy();
  }
}
