import type { Watch } from '../../model/measurement.ts';
import { dataMetrics } from './flow-nics.ts';
import { measuredMetrics } from './measure.ts';

/** One question to a Prometheus: the path with its query, and the PromQL in it for people. */
export type Question = {
  readonly kind: 'metrics' | 'response';
  readonly path: string;
  readonly query: string;
};

/** Hosts in one question, so that an answer stays small and an address short. */
const hostsAtOnce = 50;

/**
 * What a Prometheus is asked for a contract: the samples themselves of all its nodes, over its windows, and the query that
 * it names, once for each window.
 */
export function questionsFor({ nodes, untilMs, windowS, windowCount, response }: Watch): readonly Question[] {
  const spanS = windowS * windowCount;
  const questions: Question[] = [];
  for (let first = 0; first < nodes.length; first += hostsAtOnce) {
    const hosts = nodes.slice(first, first + hostsAtOnce).map(({ hostName }) => escaped(hostName));
    for (const label of ['Hostname', 'instance'] as const) {
      const names = measuredMetrics[label].join('|');
      const query = `{__name__=~"${names}",${label}=~"(?:${hosts.join('|')})(?:[.:].*)?"}[${spanS}s]`;
      const path = `/api/v1/query?query=${encodeURIComponent(query)}&time=${untilMs / 1000}`;
      questions.push({ kind: 'metrics', path, query });
    }
  }
  for (const { hostName, data } of nodes) {
    if (data === undefined) continue;
    const devices = data.map(escaped).join('|');
    const query = `{__name__=~"${dataMetrics.join('|')}",device=~"${devices}",instance=~"${escaped(hostName)}(?:[.:].*)?"}[${spanS}s]`;
    const path = `/api/v1/query?query=${encodeURIComponent(query)}&time=${untilMs / 1000}`;
    questions.push({ kind: 'metrics', path, query });
  }
  if (response === undefined) return questions;
  const times = `start=${untilMs / 1000 - spanS + windowS}&end=${untilMs / 1000}&step=${windowS}`;
  const path = `/api/v1/query_range?query=${encodeURIComponent(response)}&${times}`;
  return [...questions, { kind: 'response', path, query: response }];
}

/** A name inside a regular expression inside a string of PromQL. */
function escaped(host: string): string {
  return host.replaceAll(/[^A-Za-z0-9_-]/gu, (character) => (character === '.' ? '[.]' : ''));
}
