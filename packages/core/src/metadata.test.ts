import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newRunId } from "./ids.ts";
import { childMetadata, runTraceContext, traceContextOf, withTraceparent } from "./metadata.ts";

const RUN = `${"0199c0de-0000-7abc-8def-0123456789ab".slice(0, 32)}0000`;
const VALID = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;
const GIVEN = "00-45c2cd732ee231b7c45adfd8e6ae8341-56cd9cadac8beb91-01";
const OWN_MEMBER = withTraceparent("", RUN).slice(1, -1);

describe("withTraceparent", () => {
  it("makes a trace of the run where no metadata was given", () => {
    for (const text of ["", "{}", " {\n} "]) {
      const metadata = JSON.parse(withTraceparent(text, RUN));
      expect(Object.keys(metadata)).toEqual(["traceparent"]);
      expect(metadata.traceparent).toMatch(VALID);
    }
  });

  it("gives one run the same trace each time and another run another one", () => {
    expect(withTraceparent("", RUN)).toBe(withTraceparent("{}", RUN));
    expect(withTraceparent("", RUN)).not.toBe(withTraceparent("", newRunId()));
  });

  it("appends to the user's text and changes nothing in it", () => {
    expect(withTraceparent('{"n": 12345678901234567890, "k": 1.0}', RUN)).toBe(
      `{"n": 12345678901234567890, "k": 1.0,${OWN_MEMBER}}`,
    );
    expect(withTraceparent(' {"brace":"}"}\n', RUN)).toBe(` {"brace":"}",${OWN_MEMBER}}`);
    expect(withTraceparent(String.raw`{"a":"\u00e9"}`, RUN)).toBe(`${String.raw`{"a":"\u00e9",`}${OWN_MEMBER}}`);
  });

  it("is not misled by the word inside a value or a deeper object", () => {
    const text = `{"about":"traceparent","deep":{"traceparent":"${GIVEN}"}}`;
    expect(withTraceparent(text, RUN)).toBe(`${text.slice(0, -1)},${OWN_MEMBER}}`);
  });

  it("leaves a well-formed traceparent of the user alone", () => {
    for (const text of [
      `{"traceparent":"${GIVEN}"}`,
      `{ "a":1, "traceparent" : "${GIVEN}" }`,
      `${String.raw`{"tr\u0061ceparent":"`}${GIVEN}"}`,
      `{"traceparent":"broken","traceparent":"${GIVEN}"}`,
      `{"traceparent":"${GIVEN.slice(0, -2)}00"}`,
    ]) {
      expect(withTraceparent(text, RUN)).toBe(text);
    }
  });

  it.each([
    '"broken"',
    "null",
    "7",
    '""',
    `"${GIVEN.toUpperCase()}"`,
    `"ff${GIVEN.slice(2)}"`,
    `"${GIVEN} "`,
    `"00-${"0".repeat(32)}-56cd9cadac8beb91-01"`,
    `"00-45c2cd732ee231b7c45adfd8e6ae8341-${"0".repeat(16)}-01"`,
  ])("replaces the malformed traceparent %s and keeps the other members", (value) => {
    expect(withTraceparent(`{"traceparent":${value}, "n": 1.0}`, RUN)).toBe(`{"n":1.0,${OWN_MEMBER}}`);
  });

  it("replaces metadata that is no object", () => {
    for (const text of ["[1]", "null", '"x"', "7"]) expect(withTraceparent(text, RUN)).toBe(`{${OWN_MEMBER}}`);
  });

  it("keeps every member of any object and yields valid JSON", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("traceparent", "a}", "\\", '"'));
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.integer({ min: 0, max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { traceparent: added, ...rest } = JSON.parse(withTraceparent(text, RUN));
        const { traceparent: _, ...given } = JSON.parse(text);
        expect(rest).toEqual(given);
        expect(added).toMatch(VALID);
      }),
    );
  });
});

describe("childMetadata", () => {
  const parentTaskRunId = `${RUN.slice(0, 32)}0003`;

  function child(parentMetadata: string, ownMetadata: string): string {
    return childMetadata({ parentMetadata, ownMetadata, parentRunId: RUN, parentTaskRunId });
  }

  const PARENTS = `"hatchet__parent_workflow_run_id":"${RUN}","hatchet__parent_step_run_id":"${parentTaskRunId}"`;

  it("names the parent even where nobody gave metadata", () => {
    expect(child("", "")).toBe(`{${PARENTS}}`);
    expect(child("{}", "[1]")).toBe(`{${PARENTS}}`);
  });

  it("overlays the parent's members by the child's own, byte for byte", () => {
    expect(child('{"top": 12345678901234567890, "both":1}', '{"own":1.0,"both" : 2}')).toBe(
      `{"top":12345678901234567890,"both":2,"own":1.0,${PARENTS}}`,
    );
  });

  it("drops the parent's reserved keys and keeps the child's own", () => {
    const parent = '{"hatchet__event_key":"e","hatchet__parent_step_run_id":"x","a":1}';
    expect(child(parent, '{"hatchet__mine":1}')).toBe(`{"a":1,"hatchet__mine":1,${PARENTS}}`);
  });

  it("lets nobody forge the parent's ids", () => {
    const own = JSON.parse(child("{}", '{"hatchet__parent_workflow_run_id":"forged"}'));
    expect(own.hatchet__parent_workflow_run_id).toBe(RUN);
  });

  it("hands the parent's trace on", () => {
    const metadata = withTraceparent(child(withTraceparent("", RUN), '{"a":1}'), newRunId());
    expect(JSON.parse(metadata).traceparent).toBe(JSON.parse(withTraceparent("", RUN)).traceparent);
  });
});

describe("traceContextOf", () => {
  it("reads what the user gave, sampled or not", () => {
    const given = { traceId: "45c2cd732ee231b7c45adfd8e6ae8341", spanId: "56cd9cadac8beb91" };
    expect(traceContextOf(`{"a":1,"traceparent":"${GIVEN}"}`)).toEqual({ ...given, isSampled: true });
    expect(traceContextOf(`{"traceparent":"${GIVEN.replace(/01$/, "00")}"}`)).toEqual({ ...given, isSampled: false });
  });

  it("is the run's own span where the user gave none", () => {
    expect(traceContextOf(withTraceparent('{"a":1}', RUN))).toEqual(runTraceContext(RUN));
  });

  it("finds none in a deeper object, in a malformed one, and in what is no object", () => {
    for (const text of [
      "",
      "[]",
      `{"deep":{"traceparent":"${GIVEN}"}}`,
      '{"traceparent":"00-x-y-01"}',
      '{"traceparent":7}',
    ]) {
      expect(traceContextOf(text)).toBeUndefined();
    }
  });
});
