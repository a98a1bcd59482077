import { invalidArgument } from "./errors.ts";

/** The part of a task that its place in the order depends on. */
interface OrderedTask {
  readableId: string;
  parents: readonly string[];
}

/** Names of a cycle that a message lists at most. */
const SHOWN_NAMES = 10;

/**
 * Sorts tasks so that each stands behind all of its parents: by the length of the longest way from a root, and
 * alphabetically among equals. The result does not depend on the order they come in.
 *
 * @param tasks names are unique and every parent is one of them, named once
 * @throws HelveError invalid_argument for tasks that wait for each other
 */
export function orderTasks<Task extends OrderedTask>(tasks: readonly Task[]): Task[] {
  const children = new Map<string, Task[]>(tasks.map((task) => [task.readableId, []]));
  for (const task of tasks) for (const parent of task.parents) children.get(parent)?.push(task);

  const parentsLeft = new Map(tasks.map((task) => [task.readableId, task.parents.length]));
  const layers: Task[][] = [];
  let layer = tasks.filter((task) => task.parents.length === 0);
  while (layer.length > 0) {
    layers.push(layer.sort((a, b) => (a.readableId < b.readableId ? -1 : 1)));
    // A task stands in the layer behind the one that holds the last of its parents.
    const next: Task[] = [];
    for (const child of layer.flatMap((parent) => children.get(parent.readableId) ?? [])) {
      const left = (parentsLeft.get(child.readableId) ?? 0) - 1;
      parentsLeft.set(child.readableId, left);
      if (left === 0) next.push(child);
    }
    layer = next;
  }
  const ordered = layers.flat();
  if (ordered.length < tasks.length) throw invalidArgument(cycleMessage(tasks, parentsLeft));
  return ordered;
}

/** Every task left over waits for another one left over, so going from one to the next ends in a cycle. */
function cycleMessage(tasks: readonly OrderedTask[], parentsLeft: ReadonlyMap<string, number>): string {
  const left = new Map(tasks.filter((task) => parentsLeft.get(task.readableId) !== 0).map((t) => [t.readableId, t]));
  const way = new Set<string>();
  let name = [...left.keys()].sort()[0] ?? "";
  while (!way.has(name)) {
    way.add(name);
    name = left.get(name)?.parents.find((parent) => left.has(parent)) ?? "";
  }
  const cycle = [...way].slice([...way].indexOf(name));
  const shown = [...cycle.slice(0, SHOWN_NAMES), ...(cycle.length > SHOWN_NAMES ? ["…"] : []), name];
  return `parents form a cycle: ${shown.map((text) => `'${text}'`).join(" waits for ")}; a task must not wait for itself`;
}
