import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

const SOURCE = /\.([cm]?[jt]sx?|json)$/;
const PASSED_OVER = /^(node_modules|dist|\..*)$/;
/** An editor writes a file in several steps, and several files at once. */
const QUIET_MS = 100;

/**
 * Tells of changes of source files in a folder and below, with the name of one of those that changed.
 *
 * A watcher per folder: recursive watching would also look at everything that is installed.
 *
 * @returns stops watching
 */
export function watchSources(root: string, onChange: (changed: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function enter(folder: string): Promise<void> {
    if (isClosed || watchers.has(folder)) return;
    const watcher = watch(folder, (_event, name) => {
      if (name === null || PASSED_OVER.test(name)) return;
      if (SOURCE.test(name)) {
        clearTimeout(timer);
        timer = setTimeout(() => onChange(relative(root, join(folder, name))), QUIET_MS);
      } else void enter(join(folder, name)).catch(() => {});
    });
    watchers.set(folder, watcher);
    // A folder that is removed takes its watcher along.
    watcher.on("error", () => leave(folder));
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (!entries) return leave(folder);
    for (const entry of entries) {
      if (entry.isDirectory() && !PASSED_OVER.test(entry.name)) await enter(join(folder, entry.name));
    }
  }

  function leave(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  void enter(root).catch(() => {});
  return () => {
    isClosed = true;
    clearTimeout(timer);
    for (const folder of [...watchers.keys()]) leave(folder);
  };
}
