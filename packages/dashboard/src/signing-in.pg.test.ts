import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { accessProblems, HAS_CHROMIUM, openPage } from "./testing/browser.ts";
import { type Fleet, LIMIT_MS, onOneFleet } from "./testing/fleet.ts";

if (!HAS_CHROMIUM)
  console.warn("The dashboard is not tested in a browser: there is no chromium here (Debian: chromium).");

describe.skipIf(!HAS_CHROMIUM)("who looks at the dashboard", { timeout: LIMIT_MS }, () => {
  let fleet: Fleet;
  let page: Page;

  onOneFleet((started) => {
    fleet = started;
    page = started.page;
  });

  describe("signing in", () => {
    const submit = async (page: Page, token: string) => {
      await page.getByLabel("API token", { exact: true }).fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
    };

    it("says what is wrong with a token: cut, expired, or not accepted by this engine", async () => {
      const { page: other } = await openPage(fleet.browser);
      const notice = (text: string) => other.getByRole("alert").filter({ hasText: text });
      await other.goto(fleet.engine.httpUrl);
      await submit(other, "ey.cut");
      await notice("This is no token; was it cut when it was copied?").waitFor();
      const [head, payload = "", signature] = fleet.engine.token.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
      const withClaims = (changes: object) =>
        [head, Buffer.from(JSON.stringify({ ...claims, ...changes })).toString("base64url"), signature].join(".");
      await submit(other, withClaims({ exp: 1_700_000_000 }));
      await notice("The token expired on").waitFor();
      await submit(other, withClaims({ scope: "read" }));
      await notice("does not accept the token").waitFor();
      await submit(other, withClaims({ sub: "01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000" }));
      await notice("does not accept the token").waitFor();
      expect(await accessProblems(other)).toEqual([]);
      await submit(other, fleet.engine.token);
      await other.getByRole("heading", { name: "Workers" }).waitFor();
      await other.context().close();
    });

    it("says so when the token is revoked while one looks", async () => {
      const { page: other } = await openPage(fleet.browser);
      const token = await fleet.engine.mintToken("read");
      await other.goto(`${fleet.engine.httpUrl}/#token=${token}`);
      await other.getByRole("heading", { name: "Workers" }).waitFor();
      await fleet.engine.revoke(token);
      const alert = other.getByRole("alert").filter({ hasText: "does not accept the token: it is revoked" });
      await alert.waitFor();
      await other.reload();
      await other.getByLabel("API token", { exact: true }).waitFor();
      await other.context().close();
    });

    it("takes the token of a link, and out of the address; it is gone with the tab", async () => {
      const { page: other } = await openPage(fleet.browser);
      await other.goto(`${fleet.engine.httpUrl}/versions#token=${fleet.engine.token}`);
      await other.getByRole("heading", { name: "Versions" }).waitFor();
      expect(other.url()).toBe(`${fleet.engine.httpUrl}/versions`);
      const tab = await other.context().newPage();
      await tab.goto(`${fleet.engine.httpUrl}/workers`);
      await tab.getByLabel("API token", { exact: true }).waitFor();
      await other.context().close();
    });
  });

  it("lets a token that may only read see all and change nothing, and says why", async () => {
    const { page: reader } = await openPage(fleet.browser);
    await reader.goto(`${fleet.engine.httpUrl}/workers#token=${await fleet.engine.mintToken("read")}`);
    await reader.getByText(/^\d workers in this list$/).waitFor();
    await reader
      .getByText("This token has the scope read; to pause and resume workers takes worker or admin.")
      .waitFor();
    for (const name of ["Pause 4…", "Drain 4…", "Actions for greeter"]) {
      expect([name, await reader.getByRole("button", { name }).isDisabled()]).toEqual([name, true]);
    }
    expect(await accessProblems(reader)).toEqual([]);
    await reader.context().close();
  });

  it("says which scope it takes to see workers where a token has another", async () => {
    const { page: other } = await openPage(fleet.browser);
    await other.goto(`${fleet.engine.httpUrl}/workers#token=${await fleet.engine.mintToken("trigger")}`);
    const alert = other.getByRole("alert").filter({ hasText: "The workers could not be read" });
    await alert.getByText("the token has the scope trigger, and worker:list needs worker or read or admin").waitFor();
    await other.context().close();
  });

  it("goes on showing what was last known while the engine is away, says since when, and goes on when it is back", async () => {
    await page.getByText("connected", { exact: true }).waitFor();
    await fleet.row("greeter").waitFor();
    await fleet.engine.goAway();
    await fleet.notice(/The engine has not answered for [3-9] s/).waitFor();
    await page.getByText("no answer").waitFor();
    expect(await fleet.row("greeter").count()).toBe(1);
    await fleet.engine.comeBack();
    await page.getByText("connected", { exact: true }).waitFor();
    expect(await fleet.notice("The engine has not answered").count()).toBe(0);
    await fleet.row("greeter").getByText("fresh", { exact: true }).waitFor();
  });
});
