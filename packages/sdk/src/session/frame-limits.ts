/**
 * A frame stays far below the engine's limit of 4 MiB: a character takes up to three bytes, and what is around the texts
 * has its own size. What is larger alone goes in a frame of its own.
 */
export const MAX_FRAME_CHARS: number = 1024 * 1024;

/** Keeps a frame to what the other side handles in a few milliseconds. */
export const MAX_FRAME_ITEMS = 5_000;
