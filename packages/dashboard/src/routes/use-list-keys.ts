import { useHotkeys } from "@mantine/hooks";
import type { RefObject } from "react";

/** `j` and `k` go down and up the lines of a list, whose links carry `data-line`; `/` goes to the search. */
export function useListKeys(searchRef: RefObject<HTMLInputElement | null>): void {
  useHotkeys([
    ["j", () => step(1)],
    ["k", () => step(-1)],
    ["/", () => searchRef.current?.focus()],
  ]);
}

function step(by: 1 | -1): void {
  const lines = [...document.querySelectorAll<HTMLElement>("[data-line]")];
  const at = lines.indexOf(document.activeElement as HTMLElement);
  const next = at === -1 ? (by === 1 ? 0 : lines.length - 1) : at + by;
  lines[Math.min(lines.length - 1, Math.max(0, next))]?.focus();
}
