import { helve } from "@helve/contracts";
import type { WorkerStream } from "@helve/engine";
import type { Edge } from "../edge.ts";
import { MAX_MESSAGE_BYTES, SURELY_FITS } from "../limits.ts";
import { failAsTooLarge } from "../too-large.ts";
import type { Outbox } from "./outbox.ts";
import { assignment, charactersOf, IDS_AND_NAMES } from "./worker-frames.ts";

/** The engine's way to a native worker: whatever it has to say goes into the next frame. */
export function workerStream(edge: Edge, outbox: Outbox<helve.EngineToWorker>): WorkerStream {
  return {
    assign(tasks) {
      for (const task of tasks) {
        const message = assignment(task);
        const characters = charactersOf(task);
        if (!fits(message, characters)) failAsTooLarge(edge, task);
        else outbox.add(characters, (frame) => frame.assignments.push(message));
      }
    },
    cancel({ id, attempt }, reason) {
      outbox.add(IDS_AND_NAMES, (frame) => frame.cancels.push({ taskId: id, attempt, reason }));
    },
    setPaused(isPaused) {
      outbox.add(0, (frame) => {
        frame.command = isPaused ? helve.Command.COMMAND_PAUSE : helve.Command.COMMAND_RESUME;
      });
    },
    close: () => outbox.end(),
    isOpen: () => outbox.isOpen(),
    unread: () => outbox.backlog(),
  };
}

/** What the frame around a single assignment takes. */
const FRAME_BYTES = 64;

function fits(message: helve.Assignment, characters: number): boolean {
  return (
    characters < SURELY_FITS || helve.Assignment.encode(message).finish().length + FRAME_BYTES <= MAX_MESSAGE_BYTES
  );
}
