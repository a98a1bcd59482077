import { SDKS, type WorkerLabels, type WorkerRegisterRequest, type WorkerRegisterResponse } from "@helve/contracts";
import {
  ACTION_RULE,
  fieldError,
  HelveError,
  invalidArgument,
  isName,
  MAX_INT32,
  NAME_RULE,
  normaliseActionId,
  refuseNul,
  sdkProblem,
  wholeNumber,
} from "@helve/core";
import type { Labels, WorkerRegistration } from "@helve/engine";
import { requireCertificateFor } from "../certificate-names.ts";
import { type CallContext, type Edge, heardOf } from "../edge.ts";

const DEFAULT_SLOTS = 100;

/** Register: each call makes a new worker, also under a name that exists. */
export async function register(
  edge: Edge,
  caller: CallContext,
  request: WorkerRegisterRequest,
): Promise<WorkerRegisterResponse> {
  const registration = readRegistration(request);
  requireCertificateFor(registration.name, caller.certificateNames?.());
  const reason = sdkProblem(registration.runtime);
  if (reason !== undefined && edge.requiresSupportedSdks) {
    throw new HelveError("failed_precondition", `the worker '${registration.name}' is refused: ${reason}`);
  }
  const workerId = await edge.engine.registerWorker(caller.tenantId, registration);
  heardOf(edge, caller, { workerId });
  if (reason !== undefined) {
    const workerName = registration.name;
    edge.log.warn({ tenantId: caller.tenantId, workerId, workerName, reason }, "worker with an SDK out of range");
  }
  return { tenantId: caller.tenantId, workerId, workerName: request.workerName };
}

/** @throws HelveError invalid_argument naming the field */
export function readRegistration(request: WorkerRegisterRequest): WorkerRegistration {
  const { workerName, services, actions } = request;
  if (!isName(workerName)) throw fieldError("worker_name", workerName, NAME_RULE);
  const badService = services.find((service) => !isName(service));
  if (badService !== undefined) throw fieldError("services", badService, NAME_RULE);
  return {
    name: workerName,
    actions: actions.map((action, i) => {
      const normalised = normaliseActionId(action);
      if (normalised === undefined) throw fieldError(`actions[${i}]`, action, ACTION_RULE);
      return normalised;
    }),
    slots: readSlots(request),
    labels: readLabels(request.labels),
    runtime: readRuntime(request.runtimeInfo),
  };
}

function readSlots({ slots, slotConfig }: WorkerRegisterRequest): Record<string, number> {
  const kinds = Object.entries(slotConfig);
  refuseNul(slotConfig, "slot_config");
  if (kinds.length === 0) return { default: wholeNumber(slots ?? DEFAULT_SLOTS, "slots", 0, MAX_INT32) };
  if (slots !== undefined) {
    throw invalidArgument("either slot_config or slots (deprecated) must be provided, not both");
  }
  for (const [kind, units] of kinds) wholeNumber(units, `slot_config['${kind}']`, 0, MAX_INT32);
  return slotConfig;
}

/** A label without a value is accepted and left out: clients may send one and mean nothing by it. */
export function readLabels(labels: { readonly [key: string]: WorkerLabels }): Labels {
  refuseNul(labels, "labels");
  const read: Record<string, string | number> = {};
  for (const [key, { strValue, intValue }] of Object.entries(labels)) {
    const value = strValue ?? intValue;
    if (value !== undefined) read[key] = value;
  }
  return read;
}

const LANGUAGES: Readonly<Record<number, string>> = {
  [SDKS.GO]: "GO",
  [SDKS.PYTHON]: "PYTHON",
  [SDKS.TYPESCRIPT]: "TYPESCRIPT",
  [SDKS.RUBY]: "RUBY",
};

function readRuntime(info: WorkerRegisterRequest["runtimeInfo"]): WorkerRegistration["runtime"] {
  if (!info) return {};
  refuseNul(info, "runtime_info");
  const language = info.language === undefined ? undefined : LANGUAGES[info.language];
  return {
    ...(info.sdkVersion !== undefined && { sdkVersion: info.sdkVersion }),
    ...(language !== undefined && { language }),
    ...(info.languageVersion !== undefined && { languageVersion: info.languageVersion }),
    ...(info.os !== undefined && { os: info.os }),
    ...(info.extra !== undefined && { extra: info.extra }),
  };
}
