import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A span as it came over the wire, with its attributes as a plain object. */
export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  kind: number;
  startMs: number;
  endMs: number;
  attributes: Record<string, string | number>;
  /** 2: an error. */
  statusCode: number;
}

interface WireSpan extends Omit<ReceivedSpan, "attributes" | "startMs" | "endMs" | "statusCode"> {
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
  status?: { code?: number };
}

export interface OtlpReceiver {
  endpoint: string;
  spans: ReceivedSpan[];
  /** All that came, to be searched for what must not be in it. */
  bodies: string[];
  stop(): Promise<void>;
}

/** Takes traces over HTTP in the JSON form of OTLP. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    if (request.url === "/v1/traces") spans.push(...readSpans(JSON.parse(body)));
    response.writeHead(request.url === "/v1/traces" ? 200 : 404, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readSpans(body: { resourceSpans: { scopeSpans: { spans: WireSpan[] }[] }[] }): ReceivedSpan[] {
  return body.resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ name, traceId, spanId, parentSpanId, kind, startTimeUnixNano, endTimeUnixNano, attributes, status }) => ({
      name,
      traceId,
      spanId,
      parentSpanId,
      kind,
      startMs: Number(BigInt(startTimeUnixNano) / 1_000_000n),
      endMs: Number(BigInt(endTimeUnixNano) / 1_000_000n),
      attributes: Object.fromEntries(
        attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
      ),
      statusCode: status?.code ?? 0,
    }));
}
