import type { ServerWritableStream } from "@grpc/grpc-js";
import { AssignedAction, type WorkerListenRequest } from "@helve/contracts";
import type { WorkerStream } from "@helve/engine";
import type { CallContext, Edge } from "../edge.ts";
import { readWorkerId } from "../ids.ts";
import { MAX_MESSAGE_BYTES, SURELY_FITS } from "../limits.ts";
import { openStream } from "../open-stream.ts";
import { failAsTooLarge } from "../too-large.ts";
import { cancelAction, startAction } from "./assigned-action.ts";

/**
 * Published clients let go of a cancelled task after a second, and then do not say whether its code has ended. The Python 0.x
 * client lets go of whatever it then has under that task's id: what is sent in that moment would be the next attempt.
 */
const ABANDONED_SLOT_MS = 1_500;

type ActionStream = ServerWritableStream<WorkerListenRequest, AssignedAction>;

/**
 * Listen and ListenV2: the stream on which a worker gets its tasks, until either side ends it. Its end is no goodbye: these
 * clients say that with Unsubscribe, and listen again under the same id after any other end.
 *
 * @param isItsOwnHeartbeat the older call: while the stream is open the worker need not say that it lives
 */
export async function listen(
  edge: Edge,
  caller: CallContext,
  call: ActionStream,
  isItsOwnHeartbeat: boolean,
): Promise<void> {
  const workerId = readWorkerId(call.request.workerId);
  const open = await openStream(edge, caller, {
    workerId,
    stream: workerStream(edge, call),
    options: { isItsOwnHeartbeat, abandonedSlotMs: ABANDONED_SLOT_MS },
  });
  if (call.destroyed) open.closed("broken");
  else call.once("close", () => open.closed("broken"));
}

function workerStream(edge: Edge, call: ActionStream): WorkerStream {
  let waiting = 0;
  call.once(
    "close",
    edge.openCalls.watch(() => waiting),
  );
  const send = (action: AssignedAction, characters: number) => {
    waiting += characters;
    call.write(action, () => {
      waiting -= characters;
    });
  };
  return {
    assign(tasks) {
      // The stream has just ended, and the engine is about to hear of it.
      if (!call.writable) return;
      for (const task of tasks) {
        const action = startAction(task);
        const characters = charactersOf(action);
        if (fits(action, characters)) send(action, characters);
        else failAsTooLarge(edge, task);
      }
    },
    cancel(task) {
      if (call.writable) call.write(cancelAction(task));
    },
    close: () => call.end(),
    isOpen: () => call.writable,
    unread: () => waiting,
  };
}

function charactersOf({ actionPayload, additionalMetadata }: AssignedAction): number {
  return actionPayload.length + (additionalMetadata?.length ?? 0);
}

/** Counting bytes costs as much as encoding, so only what may be too long is counted. */
function fits(action: AssignedAction, characters: number): boolean {
  return characters < SURELY_FITS || AssignedAction.encode(action).finish().length <= MAX_MESSAGE_BYTES;
}
