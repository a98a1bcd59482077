import { useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";

/** `1`, `2` and `3` go to the pages, in the order of the header; not while somebody types. */
export function usePageKeys(): void {
  const navigate = useNavigate();
  useHotkeys([
    ["1", () => void navigate({ to: "/workers" })],
    ["2", () => void navigate({ to: "/versions" })],
    ["3", () => void navigate({ to: "/actions" })],
  ]);
}
