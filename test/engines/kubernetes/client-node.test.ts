import { ApiException, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { demand } from '../../core/demand.ts';
import { placement } from '../../core/placement.ts';
import { ApiServer } from './api-server.ts';
import { objects, subject } from './given.ts';

const timeout = 60_000;
const given = subject(
  demand('1×8 H100 24h within:rack'),
  placement(24, 'train 0 fra1/h1/r/n01 gpu0-7 cpu128 mem1024'),
);
const made = objects(given, { image: 'me/train:1' });
const queue = bodyOf('clusterqueues');

let server: ApiServer;
let client: KubernetesObjectApi;

/** A client that Berth does not use: what it and kubectl agree on is not a habit of one of them. */
beforeEach(async () => {
  server = new ApiServer();
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server: await server.start(), skipTLSVerify: true },
    { name: 'test' },
  );
  client = KubernetesObjectApi.makeApiClient(config);
});

afterEach(() => server.stop());

function bodyOf(resource: string) {
  const found = made.find(({ key }) => key.includes(`${resource}.`));
  if (found === undefined) throw new Error(`nothing of ${resource}`);
  return found.body;
}

function apply(body: object, manager: string, how: { readonly dry?: true; readonly force?: true } = {}) {
  return client.patch(
    body,
    undefined,
    how.dry === true ? 'All' : undefined,
    manager,
    how.force ?? false,
    PatchStrategy.ServerSideApply,
  );
}

/** The code and the text of the server's answer. */
async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof ApiException) return `${error.code} ${String(error.body)}`;
    throw error;
  }
  throw new Error('a refusal was expected');
}

describe('client-node, a second client of the small API server', { timeout }, () => {
  test('applies every object of a contract that is not a node, and a second time changes none', async () => {
    const own = made.filter(({ key }) => !key.includes('nodes.'));
    for (const { body } of own) await apply(body, 'berth');
    expect(server.objects.size).toBe(own.length);
    const before = [...server.objects].map(([key, { object }]) => [key, object]);
    for (const { body } of own) await apply(body, 'berth');
    expect([...server.objects].map(([key, { object }]) => [key, object])).toEqual(before);
  });

  test('is told 409 with the field and its owner where another manager has said otherwise', async () => {
    await apply(queue, 'berth');
    const other = { ...queue, spec: { queueingStrategy: 'StrictFIFO' } };
    const said = await refusal(apply(other, 'somebody'));
    expect(said).toMatch(/^409 /);
    expect(said).toContain('conflict with \\"berth\\": .spec.queueingStrategy');
    expect(JSON.stringify(server.get('clusterqueues', undefined, 'berth-c-106'))).toContain('BestEffortFIFO');
    await apply(other, 'somebody', { force: true });
    expect(JSON.stringify(server.get('clusterqueues', undefined, 'berth-c-106'))).toContain('StrictFIFO');
  });

  test('keeps nothing of a dry run, and is told of an unknown field', async () => {
    await apply(queue, 'berth', { dry: true });
    expect(server.objects.size).toBe(0);
    expect(server.writes.at(-1)).toMatch(/ berth dry$/);
    const said = await refusal(apply({ ...queue, spec: { queueingStrateg: 'x' } }, 'berth'));
    expect(said).toMatch(/^(?:400|422) /);
  });
});
