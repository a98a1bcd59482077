/** What stands in a drawing: a name with its place in the graph. */
export interface DagNode {
  readonly key: string;
  readonly parents: readonly string[];
  /** Characters it takes. */
  readonly width: number;
}

/** A node, or a piece of a line that passes a layer on its way further right. */
interface Spot {
  readonly source: string;
  readonly isNode: boolean;
  readonly width: number;
  row: number;
}

/** Lines between two layers that may share one upright: all of these rows lead to all of those. */
export interface Bundle {
  readonly fromRows: readonly number[];
  readonly toRows: readonly number[];
}

export interface Layer {
  readonly nodes: readonly { readonly key: string; readonly row: number }[];
  /** Rows on which lines pass through. */
  readonly passing: readonly number[];
  readonly width: number;
  /** To the next layer; empty in the last. */
  readonly bundles: readonly Bundle[];
}

/** Rows from one node to the next: its name, and what is said beneath. */
const PITCH = 2;

/**
 * Lays a graph out in layers from left to right: each node one layer behind the last of its parents. Lines that skip layers
 * get a row of their own there, and each layer is ordered by where its parents stand, so that few lines cross.
 *
 * @param nodes parents before their children
 */
export function layOut(nodes: readonly DagNode[]): { layers: Layer[]; rows: number } {
  const depth = depths(nodes);
  const layers = place(nodes, depth);
  const tallest = Math.max(0, ...layers.map((layer) => layer.length));
  for (const layer of layers) {
    layer.forEach((spot, i) => {
      spot.row = tallest - layer.length + PITCH * i;
    });
  }
  return { layers: layers.map((layer, i) => finish(layer, layers[i + 1] ?? [], nodes)), rows: PITCH * tallest };
}

function depths(nodes: readonly DagNode[]): Map<string, number> {
  const depth = new Map<string, number>();
  for (const { key, parents } of nodes) {
    depth.set(key, Math.max(0, ...parents.map((parent) => (depth.get(parent) ?? -1) + 1)));
  }
  return depth;
}

/** Puts nodes and passing lines into layers, each ordered by the mean place of what it comes from. */
function place(nodes: readonly DagNode[], depth: ReadonlyMap<string, number>): Spot[][] {
  const layers: Spot[][] = [];
  const reach = new Map<string, number>();
  for (const { key, parents } of nodes) {
    for (const parent of parents) reach.set(parent, Math.max(reach.get(parent) ?? 0, depth.get(key) ?? 0));
  }
  for (let i = 0; i <= Math.max(0, ...depth.values()); i++) {
    const own = nodes.filter(({ key }) => depth.get(key) === i);
    const passing = nodes.filter(({ key }) => (depth.get(key) ?? 0) < i && (reach.get(key) ?? 0) > i);
    const before = layers[i - 1] ?? [];
    const placeOf = (source: string) => before.findIndex((spot) => spot.source === source);
    const spots = [
      ...own.map((node) => ({ spot: spotOf(node, true), at: mean(node.parents.map(placeOf).filter((at) => at >= 0)) })),
      ...passing.map((node) => ({ spot: spotOf(node, false), at: placeOf(node.key) })),
    ];
    layers.push(spots.sort((a, b) => a.at - b.at).map(({ spot }) => spot));
  }
  return layers;
}

function spotOf({ key, width }: DagNode, isNode: boolean): Spot {
  return { source: key, isNode, width: isNode ? width : 0, row: 0 };
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function finish(layer: readonly Spot[], next: readonly Spot[], nodes: readonly DagNode[]): Layer {
  const parentsOf = new Map(nodes.map((node) => [node.key, node.parents]));
  const bundles = new Map<string, { fromRows: number[]; toRows: number[] }>();
  for (const { source, row } of layer) {
    const isChild = (spot: Spot) =>
      spot.isNode ? parentsOf.get(spot.source)?.includes(source) : spot.source === source;
    const toRows = next.filter(isChild).map((spot) => spot.row);
    if (toRows.length === 0) continue;
    const bundle = bundles.get(String(toRows)) ?? { fromRows: [], toRows };
    bundle.fromRows.push(row);
    bundles.set(String(toRows), bundle);
  }
  return {
    nodes: layer.filter((spot) => spot.isNode).map(({ source, row }) => ({ key: source, row })),
    passing: layer.filter((spot) => !spot.isNode).map((spot) => spot.row),
    width: Math.max(...layer.map((spot) => spot.width)),
    bundles: [...bundles.values()],
  };
}
