import { Alert } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";

/** Names what went wrong, and why. @param what such as "The workers could not be read" */
export function Problem({ what, error }: { what: string; error: Error }): ReactNode {
  return (
    <Alert color="red" icon={<ExclamationTriangleIcon />} title={what} role="alert">
      {error.message}
    </Alert>
  );
}
