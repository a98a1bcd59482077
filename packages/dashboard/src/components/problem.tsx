import { Alert } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import { ApiError } from "../api/api.ts";

/**
 * Names what went wrong, and why. That nobody answers is said once, by the frame, and not again by each part of a page.
 *
 * @param what such as "The workers could not be read"
 */
export function Problem({ what, error }: { what: string; error: Error }): ReactNode {
  if (error instanceof ApiError && error.kind === "unreachable") return null;
  return (
    <Alert color="red" icon={<ExclamationTriangleIcon />} title={what} role="alert">
      {error.message}
    </Alert>
  );
}
