/** A worker: stays up and runs tasks until it is told to end (Ctrl-C). Start as many as you like, anywhere. */
import { hello, helve } from "./tasks.ts";

const worker = await helve.worker("hello-worker", { workflows: [hello], slots: 10 });
const stopped = worker.start();
await worker.waitUntilReady();
console.log("ready");
await stopped;
