import { asksForHelp, type Command } from "../arguments/command.ts";
import { DONE, UsageError } from "../exit-codes.ts";

/** `helve worker run` and `helve worker dev`: worker programs and whoever looks after them. */
export const worker: Command = {
  async run(args, io) {
    const [name, ...rest] = args;
    if (name === "run") return (await import("./worker-run.ts")).workerRun.run(rest, io);
    if (name === "dev") return (await import("./worker-dev.ts")).workerDev.run(rest, io);
    if (name === undefined || asksForHelp(args)) {
      io.out.write(OVERVIEW);
      return DONE;
    }
    throw new UsageError(`helve worker has no '${name}': it is run or dev`);
  },
};

const OVERVIEW = `helve worker run [flags] -- COMMAND ...
helve worker dev FILE

run keeps copies of a worker program running, whatever language it is in: it restarts them, drains them, replaces them
one by one. dev runs a worker file and starts it anew whenever a file changes.

helve worker run --help and helve worker dev --help say more.
`;
