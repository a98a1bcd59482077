import { useMediaQuery } from "@mantine/hooks";

/** Whether there is room for a table; else a list is drawn as cards. */
export function useIsWide(): boolean {
  return useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
}
