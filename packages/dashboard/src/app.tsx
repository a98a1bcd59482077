import { type CSSVariablesResolver, createTheme, MantineProvider, Modal, Notification } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { ApiError, ApiProvider, openApi } from "./api/api.ts";
import { createAppRouter } from "./router.tsx";
import { SignIn } from "./routes/sign-in.tsx";
import { type Session, tokenRefused, useSession } from "./session/session.ts";

const theme = createTheme({
  primaryColor: "blue",
  // Small text in colour has to stand out from its ground, in light and in dark.
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  cursorType: "pointer",
  components: {
    Modal: Modal.extend({ defaultProps: { closeButtonProps: { "aria-label": "Close" } } }),
    Notification: Notification.extend({
      defaultProps: { closeButtonProps: { "aria-label": "Close this notice" } },
      styles: { description: { color: "var(--mantine-color-text)" } },
    }),
  },
});

/** The kit's own dimmed text stands out too little from its ground for WCAG AA. */
const cssVariablesResolver: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: { "--mantine-color-dimmed": colors.gray[7], "--mantine-color-placeholder": colors.gray[7] },
  dark: { "--mantine-color-dimmed": colors.dark[1], "--mantine-color-placeholder": colors.dark[1] },
});

/** The dashboard: a sign-in, and behind it the pages. */
export function App({ nonce }: { nonce: string }): ReactNode {
  const session = useSession();
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={cssVariablesResolver}
      getStyleNonce={() => nonce}
    >
      <Notifications position="bottom-right" />
      {session.kind === "open" ? <Pages key={session.token} session={session} /> : <SignIn problem={session.problem} />}
    </MantineProvider>
  );
}

/** What one token has loaded is never shown to another. */
function Pages({ session: { token, claims } }: { session: Session & { kind: "open" } }): ReactNode {
  const { api, client, router } = useMemo(
    () => ({ api: openApi(token, claims), client: newQueryClient(token), router: createAppRouter() }),
    [token, claims],
  );
  return (
    <ApiProvider value={api}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ApiProvider>
  );
}

function newQueryClient(token: string): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.kind === "token-refused") tokenRefused(token);
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    // The next look is never far, and what went wrong should be seen at once. An engine may be on a machine without network.
    defaultOptions: { queries: { retry: false, networkMode: "always" }, mutations: { networkMode: "always" } },
  });
}
