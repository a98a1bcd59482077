/**
 * The interface that schema libraries share (standardschema.dev): zod, valibot, arktype and others bring it, so that this
 * package needs none of them.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => ValidationResult<Output> | Promise<ValidationResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Newer libraries can describe themselves. */
    readonly jsonSchema?: { readonly input: (options: { target: string }) => Record<string, unknown> } | undefined;
  };
}

export type ValidationResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly ValidationIssue[] };

export interface ValidationIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a program gives to something with this schema. */
export type SchemaInput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["input"];

/** What comes out when it was checked: with defaults filled in and values transformed. */
export type SchemaOutput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["output"];

/** One line for all issues, each with the path of the value it is about: `user.age: expected number; tags[2]: too long`. */
export function describeIssues(issues: readonly ValidationIssue[]): string {
  return issues.map((issue) => `${pathText(issue.path ?? [])}: ${issue.message}`).join("; ");
}

function pathText(path: NonNullable<ValidationIssue["path"]>): string {
  let text = "";
  for (const segment of path) {
    const key = typeof segment === "object" ? segment.key : segment;
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text === "" ? "(input)" : text;
}

/**
 * The schema as JSON Schema, for people and tools that look at the workflow.
 *
 * @returns undefined when the library cannot describe it, or not this one
 */
export function jsonSchemaOf(schema: StandardSchemaV1): Record<string, unknown> | undefined {
  try {
    return schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  } catch {
    // A schema with a part that JSON Schema has no words for, such as a date.
    return undefined;
  }
}
