import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Observe } from '../exchange.ts';

export type Metrics = {
  /** Counts one request: `route` is one of ours, never what a caller wrote. */
  request(seen: { readonly route: string; readonly method: string; readonly status: number }): void;
  readonly call: Observe;
  /** Everything in the text format that Prometheus reads, and its content type. */
  read(): Promise<{ readonly text: string; readonly contentType: string }>;
};

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A registry of its own for each server, so that two in one process do not mix. */
export function createMetrics(sessions: () => number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'berth_http_requests_total',
    help: 'Requests by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const calls = new Histogram({
    name: 'berth_mcp_tool_call_duration_seconds',
    help: 'Tool calls by tool and outcome: ok, or the code of the error.',
    labelNames: ['tool', 'outcome'],
    buckets: seconds,
    registers,
  });
  const open = new Gauge({
    name: 'berth_mcp_sessions',
    help: 'Open sessions of the handshake era.',
    registers,
  });
  return {
    request: ({ route, method, status }) => requests.inc({ route, method, status }),
    call: ({ tool, outcome, tookMs }) => calls.observe({ tool, outcome }, tookMs / 1000),
    read: async () => {
      open.set(sessions());
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
