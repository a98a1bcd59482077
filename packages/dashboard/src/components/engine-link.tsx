import { Alert } from "@mantine/core";
import { CheckCircledIcon, CrossCircledIcon, ExclamationTriangleIcon, UpdateIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import { spanText } from "../fleet/time-text.ts";
import { Mark } from "./mark.tsx";

/** How it stands with the engine. */
export type Link =
  | { readonly kind: "asking" }
  | { readonly kind: "ready" }
  | { readonly kind: "not-ready"; readonly problem: string }
  /** @param forMs since the last answer; undefined when there has been none */
  | { readonly kind: "silent"; readonly forMs: number | undefined; readonly problem: string };

/** Whether the engine answers, in a word. */
export function LinkBadge({ link }: { link: Link }): ReactNode {
  return <Mark {...BADGES[link.kind]} />;
}

const BADGES = {
  asking: { color: "gray", Icon: UpdateIcon, text: "connecting" },
  ready: { color: "green", Icon: CheckCircledIcon, text: "connected" },
  "not-ready": { color: "orange", Icon: ExclamationTriangleIcon, text: "not ready" },
  silent: { color: "red", Icon: CrossCircledIcon, text: "no answer" },
} as const;

/** What is wrong with the engine, over the page that shows what was last known; nothing when all is well. */
export function LinkProblem({ link }: { link: Link }): ReactNode {
  if (link.kind === "silent") {
    const title = link.forMs === undefined ? "does not answer" : `has not answered for ${spanText(link.forMs)}`;
    return (
      <Alert color="red" icon={<CrossCircledIcon />} title={`The engine ${title}`} role="alert" mb="md">
        At {window.location.origin}: {link.problem}. What is shown is what was last known. This page goes on asking.
      </Alert>
    );
  }
  if (link.kind !== "not-ready") return null;
  return (
    <Alert color="orange" icon={<ExclamationTriangleIcon />} title="Tasks cannot run now" role="alert" mb="md">
      {link.problem}
    </Alert>
  );
}
