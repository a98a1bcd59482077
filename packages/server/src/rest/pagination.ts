import { type TSchema, Type } from "typebox";

export const PaginationSchema: TSchema = Type.Object({
  current_page: Type.Optional(Type.Integer()),
  next_page: Type.Optional(Type.Integer()),
  num_pages: Type.Optional(Type.Integer()),
});

export interface Pagination {
  current_page: number;
  next_page: number;
  num_pages: number;
}

/** Counting for `num_pages` ends here. */
export const COUNT_CAP = 20_000;

/** How run lists say where they are: the next page is always one further, also behind the last. */
export function runPagination(total: number, limit: number, offset: number): Pagination {
  const current = Math.floor(offset / limit) + 1;
  return { current_page: current, next_page: current + 1, num_pages: Math.ceil(total / limit) };
}

/** How the older lists say it: the last page is its own next one, and a list without rows has a second page. */
export function olderPagination(total: number, limit: number, offset: number): Pagination {
  const current = 1 + Math.ceil(offset / limit);
  const pages = Math.ceil(total / limit);
  return { current_page: current, next_page: current === pages ? current : current + 1, num_pages: pages };
}

/**
 * How many rows there are, asked only when the page does not tell: one that is not full, and not empty behind the first,
 * is the last.
 */
export async function totalOf(
  rows: number,
  { limit, offset }: { limit: number; offset: number },
  count: () => Promise<number>,
): Promise<number> {
  if (rows < limit && (rows > 0 || offset === 0)) return Math.min(offset + rows, COUNT_CAP);
  return count();
}
