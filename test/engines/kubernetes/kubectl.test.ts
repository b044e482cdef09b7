import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { differencesOf } from '../../../src/engines/kubernetes/differences.ts';
import { saidOf } from '../../../src/engines/kubernetes/kubectl.ts';
import { cpuQuantity, memoryQuantity } from '../../../src/engines/kubernetes/object.ts';
import { demand } from '../../core/demand.ts';
import { hourMs, t0 } from '../../core/fleet.ts';
import { placement } from '../../core/placement.ts';
import { objects, subject } from './given.ts';

describe('what kubectl says', () => {
  test.each([
    [0, '', 'done'],
    [1, 'Error from server (Forbidden): jobs.batch is forbidden: User "ada" cannot patch', 'refused'],
    [1, 'error: Apply failed with 1 conflict: conflict with "ada": .spec.x', 'refused'],
    [
      1,
      'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
      'unreachable',
    ],
    [1, 'error: context "x" does not exist', 'unreachable'],
    [1, 'Unable to connect to the server: dial tcp: lookup x: no such host', 'unreachable'],
    [1, 'error: Patch "https://x": unexpected EOF', 'unknown'],
    [1, 'Unable to connect to the server: net/http: TLS handshake timeout', 'unknown'],
    [
      1,
      'Error from server (Timeout): request did not complete within the allowed duration: timeout',
      'unknown',
    ],
    [null, '', 'unknown'],
    [1, '', 'refused'],
  ])('exit %s and `%s` is %s', (exit, stderr, kind) => {
    expect(saidOf(exit, 'out', stderr)).toMatchObject(kind === 'done' ? { kind, stdout: 'out' } : { kind });
  });
});

describe('quantities are written as Kubernetes writes them', () => {
  test.each([
    [0, '0'],
    [1, '1m'],
    [999, '999m'],
    [1000, '1'],
    [128_000, '128'],
    [128_500, '128500m'],
  ])('%i thousandths of a CPU are %s', (milli, text) => {
    expect(cpuQuantity(milli)).toBe(text);
  });

  test.each([
    [0, '0'],
    [1, '1Mi'],
    [1023, '1023Mi'],
    [1024, '1Gi'],
    [1536, '1536Mi'],
    [2_097_152, '2Ti'],
  ])('%i MiB are %s', (mib, text) => {
    expect(memoryQuantity(mib)).toBe(text);
  });
});

describe('what is found', () => {
  const given = subject(
    demand('1×8 H100 24h', { isolation: 'node' }),
    placement(24, 'train 0 a/r/n gpu0-7 cpu8 mem64'),
  );
  const made = objects(given, { image: 'me/train:1' });
  const [queue] = made.filter(({ key }) => key.includes('clusterqueues'));
  const [node] = made.filter(({ key }) => key.includes('nodes/'));
  const [job] = made.filter(({ key }) => key.includes('jobs'));
  if (queue === undefined || node === undefined || job === undefined) throw new Error('an object is missing');

  test('may hold more than is wanted, in objects and in lists', () => {
    const spec = { ...fieldsOf(job.body['spec']), suspend: true, parallelism: 1 };
    expect(differencesOf(job, { key: job.key, body: { ...job.body, spec, status: {} } }, t0 - 1)).toEqual([]);
  });

  test('differs where a value is another or is gone', () => {
    const changed = {
      key: queue.key,
      body: { ...queue.body, spec: { ...fieldsOf(queue.body['spec']), queueingStrategy: 'StrictFIFO' } },
    };
    expect(differencesOf(queue, changed, t0)).toEqual([
      'spec.queueingStrategy is "StrictFIFO", wanted "BestEffortFIFO"',
    ]);
    const { spec: _, ...rest } = queue.body;
    expect(differencesOf(queue, { key: queue.key, body: rest }, t0)).toEqual(['spec is missing']);
  });

  test('a node without its taint is as wanted until the contract begins', () => {
    const { spec: _, ...bare } = node.body;
    expect(differencesOf(node, { key: node.key, body: bare }, t0 - hourMs)).toEqual([]);
    expect(differencesOf(node, { key: node.key, body: bare }, t0)).toEqual(['spec is missing']);
  });

  test('a job with its gate is as wanted until the contract begins', () => {
    expect(differencesOf(job, job, t0 - 1)).toEqual([]);
    expect(differencesOf(job, job, t0)).toEqual(['it is still gated, although its contract has started']);
  });
});

function fieldsOf(value: unknown): { [key: string]: z.core.util.JSONType } {
  return z.record(z.string(), z.json()).parse(value);
}
