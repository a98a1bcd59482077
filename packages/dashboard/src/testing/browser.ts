import { spawnSync } from "node:child_process";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Whether the program `chromium` is on this machine (Debian: package chromium). */
export const HAS_CHROMIUM: boolean = spawnSync("chromium", ["--version"]).status === 0;

const PROGRAM = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).stdout.trim();

/** How long a page may take to show something. */
const LIMIT_MS = 15_000;

export function openBrowser(): Promise<Browser> {
  // Chromium's sandbox does not work for root, and the pages are our own.
  return chromium.launch({ executablePath: PROGRAM, chromiumSandbox: false });
}

/** A page in a window of its own, without a token, and what went wrong in it: errors of scripts, and of its policy. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // That a request failed is said of every refusal, and of an engine that is away.
    if (message.type() === "error" && !message.text().startsWith("Failed to load")) errors.push(message.text());
  });
  return { page, errors };
}

/** What stands in the way of people with other eyes or without a mouse: rules of WCAG that the page breaks, and where. */
export async function accessProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as never as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, impact, nodes }) =>
    impact === "serious" || impact === "critical" ? nodes.map(({ target }) => `${id}: ${target.join(" ")}`) : [],
  );
}
