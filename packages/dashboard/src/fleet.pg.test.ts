import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { accessProblems, HAS_CHROMIUM } from "./testing/browser.ts";
import { type Fleet, LIMIT_MS, onOneFleet } from "./testing/fleet.ts";
import { putWorkflow, trigger } from "./testing/raw-worker.ts";

describe.skipIf(!HAS_CHROMIUM)("the fleet on the dashboard", { timeout: LIMIT_MS }, () => {
  let fleet: Fleet;
  let page: Page;

  onOneFleet((started) => {
    fleet = started;
    page = started.page;
  });

  const cells = (name: string) => fleet.row(name).first().getByRole("cell").allTextContents();
  const order = async (name: string, what: string) => {
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };

  describe("the workers", () => {
    it("appear with state, slots, SDK, runtime, build and labels", async () => {
      await page.getByText("4 connected, 0 of 35 slots in use").waitFor();
      expect(await cells("greeter")).toEqual([
        expect.stringMatching(/^freshheard \d s ago$/),
        expect.stringMatching(/^greeter[0-9a-f-]{36}$/),
        "0 of 5",
        expect.stringMatching(/^helve \d+\.\d+\.\d+$/),
        expect.stringMatching(/^TypeScript 2\d\.\S+, \w+$/),
        "",
        "zone=a",
        "",
      ]);
      expect((await cells("mail")).slice(3)).toEqual([
        "Python SDK 1.31.0",
        "Python 3.12.4, linux",
        "7f3c",
        "zone=b",
        "",
      ]);
      expect((await cells("old"))[3]).toBe("TypeScript SDK 1.12.0 too old");
    });

    it("say with which range of versions the engine works where an SDK is out of it", async () => {
      await fleet.row("old").getByRole("note").focus();
      await page.getByRole("tooltip").filter({ hasText: "this engine is made for 1.18.0 up to 2.0.0" }).waitFor();
      await page.keyboard.press("Escape");
    });

    it("are reached by keys", async () => {
      await page.getByRole("heading", { name: "Workers" }).click();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("mail");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).getByText("next and previous line").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
      await page.keyboard.press("/");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Name or id");
    });

    it("are narrowed by what stands in the address", async () => {
      await page.getByTitle("Only workers with zone=b").first().click();
      await page.waitForURL(/\?label=zone%3Db$/);
      await page.getByText("2 workers in this list").waitFor();
      await page.getByText("late 0").click();
      await page.waitForURL(/state=late/);
      await page.getByText("No worker is like that").waitFor();
      await page.goto(`${fleet.engine.httpUrl}/workers?q=gree&state=fresh&state=late`);
      await page.getByText("1 worker in this list").waitFor();
    });

    it.each(["light", "dark"] as const)(
      "break no serious rule of WCAG in the %s scheme, nor on a phone",
      async (scheme) => {
        await page.emulateMedia({ colorScheme: scheme });
        await fleet.row("old").waitFor();
        expect(await accessProblems(page)).toEqual([]);
        const before = page.viewportSize() ?? { width: 1280, height: 720 };
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("article", { name: "old" }).waitFor();
        expect(await accessProblems(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        await page.setViewportSize(before);
      },
    );
  });

  describe("pausing", () => {
    it("shows at once, before the engine has answered, and goes back when it refuses", async () => {
      let answer: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route("**/api/v1/tenants/*/worker", async (route) => {
        if (route.request().method() !== "PATCH") return route.continue();
        await held;
        return route.fulfill({ status: 503, json: { errors: [{ description: "the database is away" }] } });
      });
      await order("old", "Pause");
      await fleet.row("old").getByText("paused", { exact: true }).waitFor();
      answer();
      await fleet.notice(/Could not pause old\s*the database is away/).waitFor();
      await fleet.row("old").getByText("fresh", { exact: true }).waitFor();
      await page.unroute("**/api/v1/tenants/*/worker");
    });

    it("holds for all of the list, after a question that names how many, and is taken back", async () => {
      await page.goto(`${fleet.engine.httpUrl}/workers?q=mail`);
      await page.getByRole("button", { name: "Pause 2…" }).click();
      const dialog = page.getByRole("dialog", { name: "Pause 2 workers?" });
      await dialog.getByText("They are given nothing new. What they have goes on: 0 tasks now.").waitFor();
      expect(await accessProblems(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Pause 2 workers" }).click();
      const paused = () => fleet.engine.get<{ rows: unknown[] }>("worker?statuses=PAUSED");
      await expect.poll(async () => (await paused()).rows.length, { timeout: LIMIT_MS }).toBe(2);
      await page.getByRole("button", { name: "Resume 2…" }).click();
      await page.getByRole("button", { name: "Resume 2 workers" }).click();
      await expect.poll(async () => (await paused()).rows.length, { timeout: LIMIT_MS }).toBe(0);
    });

    it("drains: says what is left, and that the worker can be stopped when nothing is", async () => {
      const run = await fleet.startTask();
      await page.getByText("1 of 35 slots in use").waitFor();
      await order("greeter", "Drain");
      await fleet.notice(/Draining 1 worker\s*greeter has 1 task left/).waitFor();
      await fleet.row("greeter").getByText("draining", { exact: true }).waitFor();
      fleet.finishTask();
      await fleet.notice(/Drained\s*greeter can be stopped/).waitFor();
      await fleet.row("greeter").getByText("paused", { exact: true }).waitFor();
      expect(await accessProblems(page)).toEqual([]);
      await run.output;
      await order("greeter", "Resume");
      await fleet.row("greeter").getByText("fresh", { exact: true }).waitFor();
    });
  });

  it("shows why a worker is quarantined, and lifts that", async () => {
    await putWorkflow(fleet.engine, "deaf");
    const deaf = await fleet.addWorker({ name: "deaf", actions: ["deaf:only"], slots: 1 });
    await trigger(fleet.engine, "deaf");
    await fleet.row("deaf").getByText("quarantined", { exact: true }).waitFor({ timeout: LIMIT_MS });
    await fleet.notice(/Given nothing: the worker did not confirm the task within \d+ s/).waitFor();
    expect(await accessProblems(page)).toEqual([]);
    await fleet.row("deaf").getByRole("link").click();
    await page.getByRole("heading", { name: "deaf" }).waitFor();
    await page.getByRole("button", { name: "Lift quarantine" }).click();
    await page.getByText("fresh", { exact: true }).first().waitFor();
    const { rows } = await fleet.engine.get<{ rows: { name: string; quarantineReason?: string }[] }>("worker");
    expect(rows.find(({ name }) => name === "deaf")).not.toHaveProperty("quarantineReason");
    deaf.leave();
  });

  it("shows one worker on a page of its own: what it is, what it serves, and what it has now", async () => {
    const run = await fleet.startTask();
    await fleet.row("greeter").getByRole("link").click();
    await page.getByRole("heading", { name: "greeter" }).waitFor();
    const section = (title: string) =>
      page.locator("section").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
    await section("Slots in use").getByText("1 of 5").waitFor();
    await section("Actions (1)").getByText("greet:greet").waitFor();
    await section("Workflows it takes part in (1)").getByText("greet", { exact: true }).waitFor();
    await section("Tasks it has now")
      .getByText(await run.getWorkflowRunId())
      .waitFor();
    await section("Tasks it has now")
      .getByText(/^\d s$/)
      .waitFor();
    expect(await accessProblems(page)).toEqual([]);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("draining", { exact: true }).waitFor();
    fleet.finishTask();
    await run.output;
    await page.getByText("paused", { exact: true }).waitFor();
    await section("Tasks it has now").getByText("It has none.").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("fresh", { exact: true }).first().waitFor();
    await page.goto(`${fleet.engine.httpUrl}/workers/01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000`);
    await page.getByText("There is no such worker").waitFor();
  });

  it("shows which versions run, which of them the engine is not made for, and leads to the workers of each", async () => {
    await page.keyboard.press("2");
    const table = page.getByRole("table", { name: "By SDK and runtime" });
    await table.waitFor();
    const lines = async (name: string) =>
      Promise.all(
        (await page.getByRole("table", { name }).getByRole("row").all())
          .slice(1)
          .map((line) => line.getByRole("cell").allTextContents()),
      );
    expect(await lines("By SDK and runtime")).toEqual([
      [
        expect.stringMatching(/^TypeScript SDK 1\.12\.0.* is too old: .*1\.18\.0 up to 2\.0\.0/),
        "TypeScript 3.12.4",
        "1 worker",
        "0 of 10",
        "1 fresh",
      ],
      [expect.stringMatching(/^helve /), expect.stringMatching(/^TypeScript 2\d/), "1 worker", "0 of 5", "1 fresh"],
      ["Python SDK 1.31.0", "Python 3.12.4", "2 workers", "0 of 20", "2 fresh"],
    ]);
    expect((await lines("By build")).map(([build, , workers]) => [build, workers])).toEqual([
      ["7f3c", "2 workers"],
      ["no build named", "2 workers"],
    ]);
    expect(await lines("Supported SDKs")).toContainEqual(["Python", "1.29.0", "2.0.0"]);
    expect(await accessProblems(page)).toEqual([]);
    await table.getByRole("link", { name: "2 workers" }).click();
    await page.getByText("2 workers in this list").waitFor();
    expect(await fleet.row("mail").count()).toBe(2);
    await page.goBack();
    await page.getByRole("table", { name: "By build" }).getByRole("link", { name: "2 workers" }).last().click();
    await fleet.row("old").waitFor();
    expect(await fleet.row("mail").count()).toBe(0);
  });

  it("shows actions that no connected worker has, the workflows that need them, and what waits", async () => {
    await putWorkflow(fleet.engine, "report");
    await trigger(fleet.engine, "report");
    await trigger(fleet.engine, "report");
    await page.keyboard.press("3");
    const line = page.getByRole("table", { name: "Actions" }).getByRole("row").filter({ hasText: "report:only" });
    await line.getByText(/^2, the oldest for \d+ s$/).waitFor();
    expect(await line.getByRole("cell").allTextContents()).toEqual([
      "no worker",
      "report:only",
      expect.any(String),
      "report (only)",
    ]);
    expect(await page.getByText("greet:greet").count()).toBe(0);
    expect(await accessProblems(page)).toEqual([]);
    await page.getByText(/^All \d+$/).click();
    await page.waitForURL(/\?show=all$/);
    await page.getByText("greet:greet").waitFor();
    const worker = await fleet.addWorker({ name: "reporter", actions: ["report:only"] });
    await line.getByText("1 worker").waitFor();
    worker.leave();
    await line.getByText("no worker").waitFor();
  });

  it(
    "shows a worker that is slow to say that it lives as late, with the seconds, and one that says no more as lost",
    async () => {
      // Late after 8 s, lost after 12; the engine stores heartbeats every 3 s, so each time it is late for 1 s at least.
      const sleepy = await fleet.addWorker({ name: "sleepy", beatMs: 10_500 });
      await fleet.row("sleepy").getByText("fresh", { exact: true }).waitFor();
      const looking = setInterval(() => {
        // A page that comes into view looks at once.
        void page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))).catch(() => {});
      }, 250);
      try {
        await fleet.row("sleepy").getByText("late", { exact: true }).waitFor({ timeout: LIMIT_MS });
        await fleet
          .row("sleepy")
          .getByText(/^heard (\d|1\d) s ago$/)
          .waitFor();
      } finally {
        clearInterval(looking);
      }
      sleepy.fallSilent();
      await fleet.row("sleepy").getByText("lost", { exact: true }).waitFor({ timeout: LIMIT_MS });
    },
    2 * LIMIT_MS,
  );
});
