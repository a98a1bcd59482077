import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

/**
 * What outlives the supervisor by a moment. A shell of a megabyte reads from a pipe which process groups there are. The pipe
 * ends when the supervisor does, however that happens: the shell then asks the leaders to end, waits, and ends what is left.
 *
 * - A copy is known to the guard before its program starts (copy-process.ts), so there is no moment in which a killed
 *   supervisor leaves one behind.
 * - The guard's file is there as long as the guard is; the next supervisor waits for it to go (supervisor-lock.ts).
 */
export interface Guard {
  readonly pid: number;
  /** Resolves when the guard will know of it whatever happens to us. */
  add(group: number): Promise<void>;
  drop(group: number): void;
  /** There is nothing left to look after. */
  close(): void;
}

/** In POSIX shell, so that it runs wherever there is one. `kill -s 0` of a group succeeds while one of its processes is there. */
const SCRIPT = `
file=$1; tenths=$2; groups=
trap '' INT TERM HUP
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    drop)
      kept=
      for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done
      groups=$kept ;;
  esac
done
for group in $groups; do kill -s TERM "$group" 2>/dev/null; done
while [ "$tenths" -gt 0 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || break
  sleep 0.1 2>/dev/null || sleep 1
  tenths=$((tenths - 1))
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
rm -f "$file"
`;

/**
 * @param file    holds the guard's process id, and is removed by it at its end
 * @param graceMs how long the copies of a killed supervisor may take to end
 */
export function startGuard(file: string, graceMs: number): Guard {
  const groups = new Set<number>();
  let child = launch();
  let isClosed = false;

  function launch(): ChildProcess {
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "helve-guard", file, String(Math.ceil(graceMs / 100))], {
      stdio: ["pipe", "ignore", "ignore"],
      // In a session of its own, so that a Ctrl-C or a closed terminal does not reach it.
      detached: true,
    });
    // By us and at once: a guard that has not run yet is one to wait for as well.
    writeFileSync(file, String(shell.pid), { mode: 0o600 });
    // Said to nobody: when it is gone, the pipe breaks, and "close" follows.
    shell.stdin?.on("error", () => {});
    // Somebody ended the guard: the copies get a new one.
    shell.once("close", () => {
      if (isClosed) return;
      child = launch();
      for (const group of groups) child.stdin?.write(`add ${group}\n`);
    });
    return shell;
  }

  return {
    get pid() {
      return child.pid ?? 0;
    },
    add(group) {
      groups.add(group);
      return new Promise((resolve) => child.stdin?.write(`add ${group}\n`, () => resolve()));
    },
    drop(group) {
      groups.delete(group);
      child.stdin?.write(`drop ${group}\n`);
    },
    close() {
      isClosed = true;
      child.stdin?.end();
    },
  };
}
