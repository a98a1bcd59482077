/** Loaded into an engine: on SIGUSR2 it collects its garbage and writes how much memory is left in use, in MiB. */
import { renameSync, writeFileSync } from "node:fs";

const file = process.env.CHAOS_MEMORY_FILE;
const mib = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;

process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ heap: mib(heapUsed), resident: mib(rss) }));
  renameSync(`${file}.new`, file);
});
