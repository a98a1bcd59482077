import type { Action } from "../api/actions.ts";

/** Whether no connected worker can do it. */
export function isUnserved({ workers }: Pick<Action, "workers">): boolean {
  return workers === 0;
}

/** Those that nobody serves first, of these the ones that most tasks wait for, then by name. */
export function byUrgency(actions: readonly Action[]): Action[] {
  const waitsInVain = (action: Action) => (isUnserved(action) ? action.queued : 0);
  return [...actions].sort(
    (a, b) =>
      Number(isUnserved(b)) - Number(isUnserved(a)) ||
      waitsInVain(b) - waitsInVain(a) ||
      (a.action < b.action ? -1 : 1),
  );
}
