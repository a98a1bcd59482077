/** Serves a loopback engine in a process of its own, and writes its token to stdout. Ends with its parent. */
import { LoopbackEngine } from "./loopback-engine.ts";

const engine = await LoopbackEngine.start();
engine.workerControls.recordsFrames = false;
process.stdout.write(`${engine.token}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
