/**
 * Namespaces are a matter of the client alone: a prefix in lower case that ends in `_`. Names of workflows, events and
 * workers get it, unless they begin with it already.
 */

/** The prefix a configured namespace stands for; empty for none. */
export function namespacePrefix(namespace: string | undefined): string {
  if (namespace === undefined || namespace === "") return "";
  const lower = namespace.toLowerCase();
  return lower.endsWith("_") ? lower : `${lower}_`;
}

/** @param prefix as `namespacePrefix` gives it */
export function withNamespace(name: string, prefix: string): string {
  return prefix === "" || name.startsWith(prefix) ? name : prefix + name;
}
