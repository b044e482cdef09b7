import { once } from 'node:events';
import { createServer } from 'node:http';

import { SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { startTraces } from '../../src/cli/telemetry.ts';
import { fakeControl } from './fake-control.ts';
import { endpointWith, fetchFrom, legacyClient, modernClient } from './http/endpoint-at.ts';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
});
afterEach(() => exporter.reset());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;

describe.each([
  ['handshake', legacyClient],
  ['stateless', modernClient],
] as const)('in the %s era', (_era, connect) => {
  test('a call is a span of the caller, without its arguments', async () => {
    const client = await connect(fetchFrom(endpointWith()));
    await client.callTool({
      name: 'contract_get',
      arguments: { contract: 'C-106' },
      _meta: { traceparent: parent },
    });
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span?.name).toBe('tools/call contract_get');
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(span?.attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'contract_get',
      'gen_ai.operation.name': 'execute_tool',
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('C-106');
  });

  test('what goes wrong is an error of its own kind, under a name that callers cannot make up', async () => {
    const { control } = fakeControl({ contract: () => Promise.reject(new Error('secret')) });
    const client = await connect(fetchFrom(endpointWith({ control })));
    await client.callTool({ name: 'contract_get', arguments: { contract: 'C-106' } });
    await client.callTool({ name: 'made_up', arguments: {} }).catch(() => undefined);
    const spans = exporter.getFinishedSpans();
    expect(
      spans.map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]),
    ).toEqual([
      ['tools/call contract_get', 'INTERNAL', SpanStatusCode.ERROR],
      ['tools/call unknown', 'NOT_FOUND', SpanStatusCode.ERROR],
    ]);
    expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain(
      'secret',
    );
  });

  test.each([
    'nonsense',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-b7ad6b7169203331-01`,
    `${parent}-more`,
  ])('%j names no caller', async (traceparent) => {
    const client = await connect(fetchFrom(endpointWith()));
    await client.callTool({ name: 'inventory_summary', arguments: {}, _meta: { traceparent } });
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).not.toBe(traceId);
  });
});

test('spans go where the environment says, and nowhere without it', async () => {
  const received: Buffer[] = [];
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => received.push(chunk));
    request.on('end', () => response.end());
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = z.object({ port: z.number() }).parse(collector.address());
  const io = {
    stdin: process.stdin,
    stdout: { write: () => true },
    stderr: { write: () => true },
    interrupt: new AbortController().signal,
  };
  await (
    await startTraces({ ...io, env: {} })
  )();
  expect(received).toEqual([]);

  trace.disable();
  const to = `http://127.0.0.1:${port}`;
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = to;
  const end = await startTraces({ ...io, env: { OTEL_EXPORTER_OTLP_ENDPOINT: to } });
  const client = await modernClient(fetchFrom(endpointWith()));
  await client.callTool({ name: 'inventory_summary', arguments: {} });
  await end();
  delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  expect(Buffer.concat(received).toString('latin1')).toContain('tools/call inventory_summary');
  collector.close();
});
