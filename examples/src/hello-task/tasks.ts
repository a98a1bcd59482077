import { Helve } from "@helve/sdk";

// Address and token come from HELVE_CLIENT_TOKEN and the other variables of the environment.
export const helve: Helve = Helve.init();

/** Both programs import the task: the worker runs its code, the caller knows its types. */
export const hello = helve.task({
  name: "hello",
  fn: async (input: { name: string }, ctx) => {
    await ctx.logger.info(`greeting ${input.name}`);
    return { message: `Hello, ${input.name}!` };
  },
});
