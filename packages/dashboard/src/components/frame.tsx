import { ActionIcon, AppShell, Box, Group, Text } from "@mantine/core";
import { ExitIcon, EyeOpenIcon, KeyboardIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";
import { type Link, LinkBadge, LinkProblem } from "./engine-link.tsx";
import { LinkButton } from "./links.tsx";
import { Mark } from "./mark.tsx";

export interface FrameProps {
  readonly tenant: string | undefined;
  readonly version: string | undefined;
  readonly link: Link;
  /** Said where it may do less than everything. */
  readonly scope: string;
  readonly onHelp: () => void;
  readonly onSignOut: () => void;
  readonly children: ReactNode;
}

const PAGES = [
  { to: "/workers", title: "Workers" },
  { to: "/versions", title: "Versions" },
  { to: "/actions", title: "Actions" },
] as const;

/** What stands around every page: where one is, whose engine this is, and whether it answers. */
export function Frame({ tenant, version, link, scope, onHelp, onSignOut, children }: FrameProps): ReactNode {
  return (
    <AppShell header={{ height: { base: 92, sm: 56 } }} padding={{ base: "sm", sm: "md" }}>
      <AppShell.Header px={{ base: "sm", sm: "md" }}>
        <Group h="100%" justify="space-between" align="center" gap={0}>
          <Group gap="lg" wrap="nowrap">
            <Text fw={700} size="lg">
              Helve
            </Text>
            <Group component="nav" aria-label="Pages" gap={4} wrap="nowrap">
              {PAGES.map(({ to, title }) => (
                <LinkButton
                  key={to}
                  to={to}
                  variant="subtle"
                  color="gray"
                  size="compact-md"
                  activeProps={{ variant: "light", color: "blue", "aria-current": "page" }}
                >
                  {title}
                </LinkButton>
              ))}
            </Group>
          </Group>
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Text size="sm" c="dimmed" truncate>
              {[tenant, version && `Helve ${version}`].filter(Boolean).join(" · ")}
            </Text>
            {scope !== "admin" && (
              <Mark color="gray" Icon={EyeOpenIcon} text={scope === "read" ? "read only" : `scope ${scope}`} />
            )}
            <LinkBadge link={link} />
            <ActionIcon variant="default" onClick={onHelp} aria-label="Keys" title="Keys ( ? )" visibleFrom="sm">
              <KeyboardIcon />
            </ActionIcon>
            <ActionIcon variant="default" onClick={onSignOut} aria-label="Sign out" title="Sign out">
              <ExitIcon />
            </ActionIcon>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main>
        <Box maw={1680} mx="auto">
          <LinkProblem link={link} />
          {children}
        </Box>
      </AppShell.Main>
    </AppShell>
  );
}
