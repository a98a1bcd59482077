import { setFlagsFromString } from "node:v8";

/**
 * Lets the heap grow to four times of what is alive before all of it is collected.
 *
 * V8 decides by how fast it collects, and is so fast with the engine's small heap that it lets it grow by some 3 MiB only: at
 * 5,000 tasks a second it then collects all of it every 1.4 s, and the event loop stands for up to 30 ms each time.
 */
export function growHeapFreely(): void {
  setFlagsFromString("--heap-growing-percent=300");
}
