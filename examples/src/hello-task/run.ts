/** Runs the task on whichever worker has room, and prints what it gives. */
import { hello } from "./tasks.ts";

const { message } = await hello.run({ name: process.argv[2] ?? "World" });
console.log(message);
