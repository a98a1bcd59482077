import { Button, Code, CopyButton, Group } from "@mantine/core";
import { CheckIcon, CopyIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";

/** What to type into a terminal next, ready to be copied. */
export function Command({ text }: { text: string }): ReactNode {
  return (
    <Group gap="xs" justify="center" wrap="nowrap">
      <Code fz="sm" px="sm" py={6} className="wraps">
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-sm"
            miw="max-content"
            variant="default"
            leftSection={copied ? <CheckIcon /> : <CopyIcon />}
            onClick={copy}
          >
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
