import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HelveError } from "./errors.ts";
import { checkJson, isJsonObject, opensObject } from "./json-text.ts";

function refusal(text: string, field = "payload"): string | undefined {
  try {
    checkJson(text, field);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(HelveError);
    expect((error as HelveError).code).toBe("invalid_argument");
    return (error as HelveError).message;
  }
}

describe("checkJson", () => {
  it.each(["", "{}", " {} ", "[1,2]", "null", '"x"', "12345678901234567890", '{"dup":1,"dup":2}'])(
    "accepts %j",
    (text) => {
      expect(refusal(text)).toBeUndefined();
    },
  );

  it.each(["{bad", " ", "x", "{}{}", "{'a':1}", "[1,]", "01", '"a\nb"', "\ufeff{}", "NaN", "{} \0"])(
    "refuses %j and names the field",
    (text) => {
      expect(refusal(text)).toBe("Invalid request: invalid json in field `payload`");
      expect(refusal(text, "additionalMetadata")).toBe("Invalid request: invalid json in field `additionalMetadata`");
    },
  );

  it("refuses an escaped NUL, in values and in keys", () => {
    const message = "Invalid request: encoded jsonb contains invalid null character \\u0000 in field `payload`";
    expect(refusal(String.raw`{"a":"\u0000"}`)).toBe(message);
    expect(refusal(String.raw`{"a\u0000b":1}`)).toBe(message);
    expect(refusal(String.raw`["\\\u0000"]`)).toBe(message);
    expect(refusal(String.raw`["\\u0000 \u0000"]`)).toBe(message);
  });

  it("lets an escaped backslash before the letters u0000 pass", () => {
    expect(refusal(String.raw`["\\u0000"]`)).toBeUndefined();
    expect(refusal(String.raw`["\\\\u0000"]`)).toBeUndefined();
    expect(refusal('["u0000"]')).toBeUndefined();
  });

  it("finds a NUL in whatever string it stands, and only there", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("\\", "\0", "u0000", "x", '"'), { maxLength: 12 }), (parts) => {
        const value = parts.join("");
        expect(refusal(JSON.stringify([value])) !== undefined).toBe(value.includes("\0"));
      }),
    );
  });

  it("takes very deep nesting", () => {
    expect(refusal("[".repeat(200_000) + "]".repeat(200_000))).toBeUndefined();
  });

  it("does not slow down on long runs of backslashes", () => {
    expect(refusal(`["${"\\\\".repeat(500_000)}u0000"]`)).toBeUndefined();
  });
});

describe("isJsonObject", () => {
  it("is true for objects only", () => {
    expect(isJsonObject('\n\t\r {"a":1}')).toBe(true);
    for (const text of ["", " ", "[]", "null", '"{}"', "{bad", "\u00a0{}"]) expect(isJsonObject(text)).toBe(false);
  });

  it("agrees with the look at the first character, for every JSON text", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(opensObject(text)).toBe(isJsonObject(text));
      }),
    );
  });
});
