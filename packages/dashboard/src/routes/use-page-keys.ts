import { useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";

/**
 * `1`, `2` and `3` go to the pages, in the order of the header, and `?` tells of the keys; not while somebody types.
 *
 * @param onHelp called for `?`
 */
export function usePageKeys(onHelp: () => void): void {
  const navigate = useNavigate();
  useHotkeys([
    ["1", () => void navigate({ to: "/workers" })],
    ["2", () => void navigate({ to: "/versions" })],
    ["3", () => void navigate({ to: "/actions" })],
    ["?", onHelp],
    // Where it takes Shift.
    ["shift + ?", onHelp],
  ]);
}
