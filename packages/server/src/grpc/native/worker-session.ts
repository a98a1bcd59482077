import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import { fieldError, invalidArgument, isUuid, MAX_INT32, ShortLivedSet, type WorkerId, wholeNumber } from "@helve/core";
import type { OpenStream, WorkersMeant } from "@helve/engine";
import { failStream } from "../calls.ts";
import { requireCertificateFor, requireCertificateOf } from "../certificate-names.ts";
import { type CallContext, type Edge, heardOf } from "../edge.ts";
import { openStream } from "../open-stream.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { Outbox } from "./outbox.ts";
import { carryOut } from "./worker-commands.ts";
import { IDS_AND_NAMES, newWorkerFrame, readAttempt, readLabels, readRegister } from "./worker-frames.ts";
import { workerStream } from "./worker-stream.ts";

/** Highest version of the protocol spoken here. */
const PROTOCOL = 1;
/** How often a worker says something, if only an empty frame. After 5 s in silence it gets nothing new, after 12 it is given up. */
const HEARTBEAT_MS = 3_000;
/** Frames that come faster are one heartbeat. */
const BEAT_EVERY_MS = 1_000;

type WorkerCall = ServerDuplexStream<helve.WorkerFrame, helve.EngineToWorker>;

/** helve.v1.Sessions/Worker: a worker's whole life on one stream. The first frame registers, or resumes. */
export function workerSession(edge: Edge, caller: CallContext, call: WorkerCall): void {
  call.once("data", (first: helve.WorkerFrame) => {
    // Until the session is open, frames wait in the stream.
    call.pause();
    openSession(edge, caller, call, first).then(
      (session) => {
        session.take(first);
        call.on("data", (frame: helve.WorkerFrame) => session.take(frame));
        call.on("end", () => void session.leave());
        call.resume();
      },
      (error: unknown) => failStream(edge, call, error),
    );
  });
}

async function openSession(
  edge: Edge,
  caller: CallContext,
  call: WorkerCall,
  { register }: helve.WorkerFrame,
): Promise<WorkerSession> {
  if (!register) throw invalidArgument("register is missing: it must stand in the first frame of a worker");
  const protocol = Math.min(wholeNumber(register.protocol, "register.protocol", 1, MAX_INT32), PROTOCOL);
  const { tenantId } = caller;
  const workerId = await registerOrResume(edge, caller, register);
  // Work may come before the engine has said what is lost, and the worker must hear that and who it is first.
  const outbox = new Outbox<helve.EngineToWorker>(call, newWorkerFrame, true);
  call.once(
    "close",
    edge.openCalls.watch(() => outbox.backlog()),
  );
  const notice = protocolNotice(register.protocol);
  if (notice !== "") edge.log.warn({ tenantId, workerId, workerName: register.name, reason: notice }, "newer worker");
  const registered: helve.Registered = { protocol, tenantId, workerId, heartbeatMs: HEARTBEAT_MS, lost: [], notice };
  outbox.add(IDS_AND_NAMES, (frame) => {
    frame.registered = registered;
  });
  const open = await openStream(edge, caller, {
    workerId,
    stream: workerStream(edge, outbox),
    options: {
      isItsOwnHeartbeat: false,
      holding: register.workerId === undefined ? undefined : register.holding.map(readAttempt),
    },
  });
  registered.lost = open.lost;
  outbox.release();
  return new WorkerSession({ edge, caller, call, workerId, open, outbox });
}

/** What a worker should say in its log of the version that it offers; empty: nothing. */
function protocolNotice(offered: number): string {
  if (offered <= PROTOCOL) return "";
  return (
    `this engine is older than the worker's SDK: it speaks version ${PROTOCOL} of the protocol, the worker up to ` +
    `${offered}; the worker is served, without what came later`
  );
}

/** @throws HelveError not_found for a worker that is not known; it registers anew then */
async function registerOrResume(edge: Edge, caller: CallContext, register: helve.Register): Promise<WorkerId> {
  const { engine } = edge;
  const { tenantId, certificateNames } = caller;
  if (register.workerId === undefined) {
    const registration = readRegister(register);
    requireCertificateFor(registration.name, certificateNames?.());
    return engine.registerWorker(tenantId, registration);
  }
  if (!isUuid(register.workerId)) throw fieldError("register.worker_id", register.workerId, "must be a UUID");
  const workerId = register.workerId.toLowerCase();
  await requireCertificateOf(edge, caller, { workerIds: [workerId] });
  if (register.labels.length > 0) await engine.upsertWorkerLabels(tenantId, workerId, readLabels(register.labels));
  return workerId;
}

interface SessionParts {
  edge: Edge;
  caller: CallContext;
  call: WorkerCall;
  workerId: WorkerId;
  open: OpenStream;
  outbox: Outbox<helve.EngineToWorker>;
}

class WorkerSession {
  readonly #parts: SessionParts;
  readonly #acknowledgements: Acknowledgements;
  /** Frames being carried out. */
  readonly #underWay = new ShortLivedSet<Promise<void>>();
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#acknowledgements = new Acknowledgements((through) => {
      parts.outbox.add(0, (frame) => {
        frame.durableThrough = through;
      });
    });
    if (parts.call.destroyed) parts.open.closed("broken");
    else parts.call.once("close", () => parts.open.closed("broken"));
  }

  /** Carries a frame out and acknowledges it. Frames may overtake each other, acknowledgements do not. */
  take(frame: helve.WorkerFrame): void {
    const { edge, caller, call, workerId, outbox } = this.#parts;
    const isDurable = this.#acknowledgements.begin(frame.number);
    this.#beat();
    const speaksFor = caller.certificateNames && ((meant: WorkersMeant) => requireCertificateOf(edge, caller, meant));
    const work = carryOut({ ...edge, tenantId: caller.tenantId, workerId, outbox, speaksFor }, frame)
      .then(isDurable)
      .catch((error: unknown) => failStream(edge, call, error));
    this.#underWay.add(work);
    void work.then(() => this.#underWay.delete(work));
  }

  /** The worker has ended its side: what it said is carried out and acknowledged, then it is gone. */
  async leave(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#parts.open.closed("goodbye");
    this.#parts.outbox.end();
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#beatAt < BEAT_EVERY_MS) return;
    this.#beatAt = now;
    const { edge, caller, call, workerId } = this.#parts;
    heardOf(edge, caller, { workerId });
    edge.engine.heartbeat(caller.tenantId, workerId).catch((error: unknown) => failStream(edge, call, error));
  }
}
