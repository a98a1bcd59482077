import { EmptyState } from "@mantine/core";
import { useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { LinkButton } from "../components/links.tsx";

export function NotFound(): ReactNode {
  const { pathname } = useLocation();
  return (
    <EmptyState title="There is no such page" description={`Nothing is at ${pathname}.`} py="xl">
      <EmptyState.Actions>
        <LinkButton to="/workers">To the workers</LinkButton>
      </EmptyState.Actions>
    </EmptyState>
  );
}
