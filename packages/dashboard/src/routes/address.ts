/** Reads `?state=late&state=lost&q=mail`, as a person can write it, in the place of the router's JSON. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const params = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name);
      return [name, values.length > 1 ? values : (values[0] as string)];
    }),
  );
}

/** What {@link parseSearch} reads, with its `?`; what is undefined is left out. */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const item of [value ?? []].flat()) params.append(name, String(item));
  }
  return params.size === 0 ? "" : `?${params}`;
}
