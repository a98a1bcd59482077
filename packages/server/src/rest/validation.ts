import { Ajv, type ErrorObject, type Options } from "ajv";
import type { FastifyInstance, FastifyRequest, FastifySchema } from "fastify";
import { Refusal } from "./errors.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body as it came, for what must keep every digit. */
    bodyText: string;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2}))?$/i;

const FORMATS: NonNullable<Options["formats"]> = {
  uuid: UUID,
  /** RFC 3339 with any precision and offset, or a date alone. */
  "date-time": (text: string) => DATE.test(text) && !Number.isNaN(Date.parse(text)),
};

/**
 * Checks requests by the schemas that make up the OpenAPI document. A query is text, so its values are converted; a
 * parameter that is an array may be given once. A body is taken at its word. What is unknown is ignored in both.
 */
export function validateRequests(app: FastifyInstance): void {
  const common: Options = { useDefaults: true, allErrors: false, strict: false, formats: FORMATS };
  const forQuery = new Ajv({ ...common, coerceTypes: "array" });
  const forBody = new Ajv(common);
  app.setValidatorCompiler<object>(({ schema, httpPart }) =>
    (httpPart === "body" ? forBody : forQuery).compile(schema),
  );
  // Answers are written by json.ts; their schemas are for the reader of the document.
  app.setSerializerCompiler(() => () => {
    throw new Error("an answer was left to be written by its schema");
  });
  app.setSchemaErrorFormatter((errors, part) => {
    const [error] = errors as ErrorObject[];
    return new Refusal(400, part === "body" ? bodyProblem(error) : parameterProblem(error));
  });
  keepBodyText(app);
}

function parameterProblem(error: ErrorObject | undefined): string {
  if (error?.keyword === "required") {
    const name = error.params.missingProperty as string;
    return `Invalid format for parameter ${name}: query parameter '${name}' is required`;
  }
  const [, name = "", ...rest] = error?.instancePath.split("/") ?? [];
  const place = rest.length > 0 ? ` (number ${Number(rest[0]) + 1})` : "";
  return `Invalid format for parameter ${name}${place}: ${reasonOf(error)}`;
}

function bodyProblem(error: ErrorObject | undefined): string {
  const field = error?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  if (error?.keyword === "required") {
    const name = error.params.missingProperty as string;
    return `${field ? `${field}.` : ""}${name} is required`;
  }
  return `${field || "the body"} ${reasonOf(error)}`;
}

function reasonOf(error: ErrorObject | undefined): string {
  if (error?.keyword === "enum") {
    return `must be one of ${(error.params.allowedValues as unknown[]).join(", ")}`;
  }
  if (error?.keyword === "format") {
    return error.params.format === "date-time" ? "must be an RFC 3339 time or a date" : "must be a UUID";
  }
  return error?.message ?? "is not valid";
}

/** Reads JSON bodies; none, an empty one and null count as `{}`. */
function keepBodyText(app: FastifyInstance): void {
  app.decorateRequest("bodyText", "");
  // Some clients name a type for a body that they do not send, and not the right one.
  app.addHook("onRequest", async ({ raw: { headers } }) => {
    const isEmpty = headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0";
    if (isEmpty) delete headers["content-type"];
  });
  app.addHook("preValidation", async (request) => {
    request.body ??= {};
  });
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    (request: FastifyRequest, body: string | Buffer, done) => {
      const text = body.toString();
      request.bodyText = text;
      if (text.trim() === "") return done(null, {});
      parse(request, text, (error, value) => {
        if (error) done(new Refusal(400, `Syntax error: the body is no valid JSON: ${error.message}`));
        else done(null, value);
      });
    },
  );
}

/** What a route says of its schemas, as Fastify wants it. */
export type RouteSchema = FastifySchema & { operationId?: string; tags?: string[]; summary?: string };
