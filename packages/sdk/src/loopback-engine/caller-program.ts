/** A program that runs one task and has nothing more to do: it is to end by itself. */
import { Helve } from "../index.ts";

const helve = Helve.init({ log_level: "OFF" });
process.stdout.write(JSON.stringify(await helve.run("t", { n: 3 })));
