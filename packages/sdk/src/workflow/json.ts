/** What JSON can say; `undefined` members are left out when it is written. */
export type JsonPrimitive = string | number | boolean | null | undefined;
export type JsonArray = JsonValue[];
export type JsonValue = JsonPrimitive | JsonObject | JsonArray;
/** A JSON object. Types made with `type` fit; an `interface` does not, since more members could be added to it. */
export type JsonObject = { [key: string]: JsonValue };

/** Input of a task or workflow. */
export type InputType = JsonObject;

/** The input of a task that says nothing about it. */
// biome-ignore lint/complexity/noBannedTypes: anything that is not null or undefined, which is just what is meant.
export type UnknownInputType = {};

/** Output of a task. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement returns void.
export type OutputType = JsonObject | void;

/** Output of a workflow: that of its tasks by name. */
export type WorkflowOutputType = { [taskName: string]: JsonObject };

/** Stands where a type is not looked at, or is known to the caller alone. */
// biome-ignore lint/suspicious/noExplicitAny: in positions that are both given and taken, `unknown` fits nothing.
export type Anything = any;
