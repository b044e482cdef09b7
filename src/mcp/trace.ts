import type * as Telemetry from '@opentelemetry/api';
import type { Attributes, Context } from '@opentelemetry/api';

/** What a request says about the trace that it is part of. */
export type Traced = {
  /** W3C Trace Context, as the caller sent it. */
  readonly traceparent?: unknown;
  readonly requestId?: string | number | undefined;
  readonly sessionId?: string | undefined;
  readonly protocolVersion?: string | undefined;
};

/**
 * Runs a call of a tool in a span of its own, with the attributes that OpenTelemetry names for MCP. Arguments and
 * answers are in no span. Costs next to nothing where nobody has set up an exporter; loaded with the first call.
 */
export async function inSpan<T>(
  { tool, from }: { readonly tool: string; readonly from: Traced },
  run: () => Promise<{ readonly value: T; readonly error?: string }>,
): Promise<T> {
  const telemetry = await import('@opentelemetry/api');
  const { SpanKind, SpanStatusCode, trace } = telemetry;
  const tracer = trace.getTracer('berth');
  const options = { kind: SpanKind.SERVER, attributes: attributesOf(tool, from) };
  const span = tracer.startSpan(`tools/call ${tool}`, options, parentOf(telemetry, from.traceparent));
  try {
    const { value, error } = await run();
    if (error !== undefined) {
      span.setAttribute('error.type', error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return value;
  } finally {
    span.end();
  }
}

function attributesOf(tool: string, { requestId, sessionId, protocolVersion }: Traced): Attributes {
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    ...(requestId === undefined ? {} : { 'jsonrpc.request.id': String(requestId).slice(0, 100) }),
    ...(sessionId === undefined ? {} : { 'mcp.session.id': sessionId }),
    ...(protocolVersion === undefined ? {} : { 'mcp.protocol.version': protocolVersion }),
  };
}

/** The caller's span, where it names one as W3C Trace Context says. Anything else begins a trace. */
function parentOf({ ROOT_CONTEXT, trace }: typeof Telemetry, traceparent: unknown): Context {
  const found =
    typeof traceparent === 'string'
      ? /^00-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})$/.exec(traceparent)
      : null;
  const { traceId = '', spanId = '', flags = '0' } = found?.groups ?? {};
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) % 2;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
