import type { Io } from './io.ts';
import { version } from './version.ts';

/**
 * Sends spans to where the usual variables say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, …), if
 * they say anything. Gives what sends off the last ones; loads nothing where nobody asked.
 */
export async function startTraces({ env }: Io): Promise<() => Promise<void>> {
  const to = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (to === '' || env['OTEL_SDK_DISABLED'] === 'true') return () => Promise.resolve();
  const [
    { trace },
    { resourceFromAttributes },
    { BatchSpanProcessor, TracerProvider },
    { OTLPTraceExporter },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const name = env['OTEL_SERVICE_NAME'] ?? 'berth';
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.version': version() }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
