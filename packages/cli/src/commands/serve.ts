import { asksForHelp, type Command } from "../arguments/command.ts";
import { listenForEnd } from "../dev/end-request.ts";
import { DONE, UsageError } from "../exit-codes.ts";

/** `helve serve`: an engine and nothing else, until a signal ends it. */
export const serve: Command = {
  async run(args, io) {
    const server = await loadServer();
    if (asksForHelp(args)) {
      io.out.write(`helve serve [flags]\n\n${ABOUT}\n\nFlags\n${server.describeOptions()}\n`);
      return DONE;
    }
    const config = readServerFlags(() => server.readConfig(args, { ...io.env }));
    const end = listenForEnd(io, () => {});
    try {
      const running = await server.serve(config);
      await Promise.race([end.asked, running.outdated]).finally(() => running.stop());
      return DONE;
    } finally {
      end.forget();
    }
  },
};

const ABOUT = `Runs an engine until a signal ends it. Without --database-url it looks after a PostgreSQL of its own in the data
folder. A second signal ends it at once; the next start then finds everything as it was.`;

/** The package of the server, which is loaded when a command needs it: most do not. */
export type Server = typeof import("@helve/server");
export type { CertificateFolder, PairFiles, Scope, StoredToken, TokenAdmin } from "@helve/server";

/** The server and its libraries take a while to load, so that is left until a command needs them. */
export function loadServer(): Promise<Server> {
  return import("@helve/server");
}

/** What is wrong with a flag is a matter of the command line. @throws UsageError */
export function readServerFlags<Config>(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: string }).code === "invalid_argument") throw new UsageError((error as Error).message);
    throw error;
  }
}
