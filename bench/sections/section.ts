import type { Figure } from "../lab/figures.ts";
import type { Lab } from "../lab/lab.ts";

/** A part of the bench that can be run alone. */
export interface Section {
  name: string;
  /** What it measures, in a sentence. */
  title: string;
  /** Whether it belongs to the quick set. */
  isQuick: boolean;
  run(lab: Lab): Promise<Figure[]>;
}
