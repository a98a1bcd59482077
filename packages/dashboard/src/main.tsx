import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app.css";
import { App } from "./app.tsx";
import { takeTokenFromAddress } from "./session/session.ts";

takeTokenFromAddress();
// A link that is opened where the page already stands changes what is behind `#` and loads nothing.
window.addEventListener("hashchange", takeTokenFromAddress);

/** Only style sheets with this nonce, which the engine makes anew for each answer, are taken by the browser. */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
setNonce(nonce);

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App nonce={nonce} />
  </StrictMode>,
);
