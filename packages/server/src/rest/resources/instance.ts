import { SUPPORTED_SDKS } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { RestDeps } from "../deps.ts";
import { errorBody, sendJson } from "../errors.ts";
import { operation } from "../operation.ts";

const NOTHING = Type.Null({ description: "no body" });
const TAG = "Instance";

/** What the server says of itself, to anybody: probes, and what a dashboard asks before anybody has logged in. */
export function instanceRoutes(app: FastifyInstance, { engine, version }: RestDeps): void {
  for (const [prefix, live, ready] of [
    ["", "root:liveness", "root:readiness"],
    ["/api", "liveness:get", "readiness:get"],
  ] as const) {
    operation(
      app,
      {
        method: "GET",
        url: `${prefix}/live`,
        id: live,
        summary: "Whether the process answers",
        tag: TAG,
        answer: NOTHING,
      },
      ({ reply }) => reply.code(200).send(),
    );
    operation(
      app,
      { method: "GET", url: `${prefix}/ready`, id: ready, summary: "Whether tasks can run", tag: TAG, answer: NOTHING },
      ({ reply }) => {
        const readiness = engine.readiness();
        return readiness.isReady ? reply.code(200).send() : sendJson(reply, 503, errorBody(readiness.reason));
      },
    );
  }

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/meta",
      id: "metadata:get",
      summary: "What this installation offers",
      tag: TAG,
      answer: Type.Object({
        auth: Type.Object({ schemes: Type.Array(Type.String()) }),
        allowSignup: Type.Boolean(),
        allowInvites: Type.Boolean(),
        allowCreateTenant: Type.Boolean(),
        allowChangePassword: Type.Boolean(),
        observabilityEnabled: Type.Boolean(),
        prometheusServerEnabled: Type.Boolean(),
        authDisabled: Type.Boolean(),
      }),
    },
    () => ({
      auth: { schemes: [] },
      allowSignup: false,
      allowInvites: false,
      allowCreateTenant: false,
      allowChangePassword: false,
      observabilityEnabled: false,
      prometheusServerEnabled: false,
      authDisabled: false,
    }),
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/version",
      id: "info:get:version",
      summary: "The version of this server, and the published SDKs that it is made for",
      tag: TAG,
      answer: Type.Object({
        version: Type.String(),
        supportedSdks: Type.Array(
          Type.Object({
            title: Type.String(),
            from: Type.String(),
            below: Type.String({ description: "the first version that nobody has tried" }),
          }),
        ),
      }),
    },
    () => ({ version, supportedSdks: SUPPORTED_SDKS }),
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/cloud/metadata",
      id: "cloudMetadata::get",
      summary: "Says that this is no hosted cloud",
      tag: TAG,
      answer: Type.Object({ errors: Type.Array(Type.Object({ description: Type.String() })) }),
    },
    // A status of 200 with an error is what dashboards take for "not the cloud".
    () => errorBody("oss"),
  );
}
