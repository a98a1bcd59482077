/**
 * A value whose shape the test itself asserts: what programs print, what the REST API answers, what a task is given.
 * Typing it here would only repeat the assertion.
 */
// biome-ignore lint/suspicious/noExplicitAny: the one place, see above
export type Loose = any;
