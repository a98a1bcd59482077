import { expect, test, vi } from "vitest";
import { olderPagination, runPagination, totalOf } from "./pagination.ts";

test("a run list has a next page wherever it is", () => {
  expect(runPagination(23, 1, 1)).toEqual({ current_page: 2, next_page: 3, num_pages: 23 });
  expect(runPagination(23, 10, 5000)).toEqual({ current_page: 501, next_page: 502, num_pages: 3 });
  expect(runPagination(0, 50, 0)).toEqual({ current_page: 1, next_page: 2, num_pages: 0 });
});

test("the last page of an older list is its own next one", () => {
  expect(olderPagination(3, 50, 0)).toEqual({ current_page: 1, next_page: 1, num_pages: 1 });
  expect(olderPagination(5, 2, 2)).toEqual({ current_page: 2, next_page: 3, num_pages: 3 });
  expect(olderPagination(0, 50, 0)).toEqual({ current_page: 1, next_page: 2, num_pages: 0 });
});

test("counts only when the page does not tell", async () => {
  const count = vi.fn(async () => 77);
  expect(await totalOf(3, { limit: 10, offset: 20 }, count)).toBe(23);
  expect(await totalOf(0, { limit: 10, offset: 0 }, count)).toBe(0);
  expect(count).not.toHaveBeenCalled();
  expect(await totalOf(10, { limit: 10, offset: 0 }, count)).toBe(77);
  expect(await totalOf(0, { limit: 10, offset: 50 }, count)).toBe(77);
});
