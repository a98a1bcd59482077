/**
 * Inputs that are checked before a task's code runs. Any library with the Standard Schema interface will do; the types of
 * the task and of its callers follow from the schema.
 */
import { Helve, RunFailedError } from "@helve/sdk";
import { z } from "zod";

const helve = Helve.init();

const signUp = helve.task({
  name: "sign-up",
  inputValidator: z.object({
    email: z.email(),
    age: z.number().int().min(18),
    plan: z.enum(["free", "pro"]).default("free"),
  }),
  // `plan` is always there: the schema has filled it in.
  fn: async (user) => ({ welcome: `${user.email} on the ${user.plan} plan` }),
});

const worker = await helve.worker("sign-up-worker", { workflows: [signUp] });
const stopped = worker.start();

console.log((await signUp.run({ email: "ada@example.com", age: 36 })).welcome);

try {
  // The compiler sees the shape, only the check sees the values.
  await signUp.run({ email: "not an address", age: 17 });
} catch (error) {
  // Fails at once: no retry would make the input better.
  if (error instanceof RunFailedError) console.log(error.message);
}

await worker.stop();
await stopped;
