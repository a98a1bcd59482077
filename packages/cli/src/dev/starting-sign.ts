import type { Output } from "../io.ts";
import { LiveRegion } from "../terminal/live-region.ts";
import { painter } from "../terminal/style.ts";

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const FRAME_MS = 80;
/** The first start makes a database, which takes some seconds; a later one is done before anyone has read this. */
const SHOWN_AFTER_MS = 250;

/** Says on a terminal that something is going on. @returns takes it away again */
export function startingSign(output: Output): () => void {
  if (!output.isTerminal) return () => {};
  const region = new LiveRegion(output);
  const paint = painter(output);
  const startedAt = performance.now();
  let frame = 0;
  const timer = setInterval(() => {
    if (performance.now() - startedAt < SHOWN_AFTER_MS) return;
    region.draw([`${paint("cyan", FRAMES[frame++ % FRAMES.length] as string)} starting the engine and its database`]);
  }, FRAME_MS);
  return () => {
    clearInterval(timer);
    region.draw([]);
    region.close();
  };
}
