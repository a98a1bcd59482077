/** What goes to a bench program and what comes back, over its IPC channel. */
export interface CallMessage {
  id: number;
  name: string;
  argument: unknown;
}

export interface ReplyMessage {
  id: number;
  result?: unknown;
  error?: string;
}

// Every call names what it takes; the other side is written beside it.
// biome-ignore lint/suspicious/noExplicitAny: each handler declares its own argument.
type Handler = (argument: any) => unknown;

/**
 * Makes this process a bench program: carries out calls by name, several at a time, until it is told to end or its parent
 * is gone.
 *
 * @param calls what it offers; `ready` is there already
 * @param close run before it ends
 */
export function offer(calls: Readonly<Record<string, Handler>>, close: () => Promise<void> = async () => {}): void {
  const all: Record<string, Handler> = { ready: () => true, ...calls };
  process.on("message", async ({ id, name, argument }: CallMessage) => {
    try {
      const handler = all[name];
      if (!handler) throw new Error(`no call named ${name}`);
      reply({ id, result: await handler(argument) });
    } catch (error) {
      reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  const end = () => void close().finally(() => process.exit(0));
  process.once("SIGTERM", end);
  process.once("disconnect", end);
}

function reply(message: ReplyMessage): void {
  if (process.connected) process.send?.(message);
}
