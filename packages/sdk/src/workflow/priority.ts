/** Runs of a higher priority start first. */
export const Priority = { LOW: 1, MEDIUM: 2, HIGH: 3 } as const;
export type Priority = (typeof Priority)[keyof typeof Priority];

/** How strongly the later tasks of a run keep to the worker of the first. */
export const StickyStrategy = { SOFT: "soft", HARD: "hard" } as const;
export type StickyStrategy = (typeof StickyStrategy)[keyof typeof StickyStrategy];

/** The words of `StickyStrategy`, and the numbers and words that older programs use. */
export type StickyStrategyInput = StickyStrategy | "SOFT" | "HARD" | 0 | 1;
