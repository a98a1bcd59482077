import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ErrorCode, HelveError, invalidArgument, notFound } from "./errors.ts";

/** A code that is added to the type and not here does not compile. */
const EVERY_CODE: Readonly<Record<ErrorCode, true>> = {
  invalid_argument: true,
  not_found: true,
  already_exists: true,
  failed_precondition: true,
  unauthenticated: true,
  permission_denied: true,
  resource_exhausted: true,
  unimplemented: true,
  unavailable: true,
  internal: true,
};

const PAGE = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");

describe("the error codes", () => {
  it("are the ones that docs/reference/errors.md lists, in the order of the type", () => {
    const rows = [...PAGE.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code);
    expect(rows).toEqual(Object.keys(EVERY_CODE));
  });

  it("have a section each that says what to do", () => {
    const headings = [...PAGE.matchAll(/^### ([a-z_]+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual(Object.keys(EVERY_CODE));
  });
});

describe("a HelveError", () => {
  it("carries its code, its message and what caused it", () => {
    const cause = new Error("connection reset");
    const error = new HelveError("unavailable", "the database does not answer", { cause });
    expect(error).toMatchObject({
      name: "HelveError",
      code: "unavailable",
      message: "the database does not answer",
      cause,
    });
  });

  it("is made for the two commonest mistakes by functions of their own", () => {
    expect(invalidArgument("name is missing").code).toBe("invalid_argument");
    expect(notFound("no such run").code).toBe("not_found");
  });
});
