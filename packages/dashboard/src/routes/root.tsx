import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useApi } from "../api/api.ts";
import { readinessQuery, tenantQuery, versionQuery } from "../api/engine.ts";
import { useLive } from "../api/live.ts";
import type { Link } from "../components/engine-link.tsx";
import { Frame } from "../components/frame.tsx";
import { KeyHelp } from "../components/key-help.tsx";
import { signOut } from "../session/session.ts";
import { DrainWatch } from "./drain-watch.tsx";
import { usePageKeys } from "./use-page-keys.ts";

/** The frame of every page. */
export function Root(): ReactNode {
  const api = useApi();
  const tenant = useQuery(tenantQuery(api));
  const version = useQuery(versionQuery(api));
  const [hasHelp, setHasHelp] = useState(false);
  usePageKeys(() => setHasHelp(true));
  return (
    <Frame
      tenant={tenant.data?.name}
      version={version.data?.version}
      link={useLink()}
      scope={api.scope}
      onHelp={() => setHasHelp(true)}
      onSignOut={() => signOut()}
    >
      {hasHelp && <KeyHelp onClose={() => setHasHelp(false)} />}
      <DrainWatch>
        <Outlet />
      </DrainWatch>
    </Frame>
  );
}

function useLink(): Link {
  const { data, error, dataUpdatedAt } = useLive(readinessQuery());
  const nowMs = useSeconds(error !== null);
  if (error) {
    const forMs = dataUpdatedAt === 0 ? undefined : Math.max(0, nowMs - dataUpdatedAt);
    return { kind: "silent", forMs, problem: error.message };
  }
  if (!data) return { kind: "asking" };
  return data.problem === undefined ? { kind: "ready" } : { kind: "not-ready", problem: data.problem };
}

/** The time in ms, anew with each second while it is wanted. */
function useSeconds(isWanted: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (!isWanted) return;
    const tick = () => setNowMs(Date.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [isWanted]);
  return nowMs;
}
