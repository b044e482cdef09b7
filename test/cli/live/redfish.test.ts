import { readFileSync } from 'node:fs';

import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';

import { askRedfish } from '../../../src/cli/live/redfish.ts';
import { redfish } from '../../../src/sources/redfish/redfish.ts';
import { parsed, refusal, withoutLines } from '../../sources/given.ts';
import { berth, newFolder } from '../run.ts';
import { type Answer, type Answering, answering, quietIo } from './walk.ts';

const open: Answering[] = [];
afterEach(() => {
  for (const { server } of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function service(answer: Answer): Promise<Answering> {
  const made = await answering(answer);
  open.push(made);
  return made;
}

const captured = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .parse(
    JSON.parse(
      readFileSync(new URL('../../data/redfish/hpe-dl380a-gen11-gpu.json', import.meta.url), 'utf8'),
    ),
  );

const root = {
  Systems: { '@odata.id': '/redfish/v1/Systems' },
  Chassis: { '@odata.id': '/redfish/v1/Chassis' },
};

test('a walk along the links finds what the whole dump says', async () => {
  const { url, asked } = await service(({ url: path }) => captured[path.replace(/\/$/u, '')] ?? 404);
  const evidence = await askRedfish(quietIo({ BMC: 'ada:pass' }), { url, secret: { variable: 'BMC' } });
  const live = parsed(redfish, evidence);
  const saved = parsed(redfish, [
    { file: 'saved.json', bytes: new TextEncoder().encode(JSON.stringify(captured)) },
  ]);
  expect(withoutLines(live)).toEqual(withoutLines(saved));
  expect(live.facts[0]?.origin.line).toBeGreaterThan(1);
  expect(asked.length).toBeLessThan(Object.keys(captured).length / 2);
  expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET']));
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(
    new Set([`Basic ${btoa('ada:pass')}`]),
  );
  expect(new Set(asked.map((one) => one.url)).size).toBe(asked.length);
});

test('links off the host, upwards or to what is not read are not followed', async () => {
  const lures = [
    'http://127.0.0.2/redfish/v1/Systems/9',
    '//127.0.0.2/redfish/v1/Systems/9',
    '/redfish/v1/Systems/../../etc',
    '/redfish/v1/Systems/1/LogServices',
    '/redfish/v1/Managers/1',
    '/etc/passwd',
    '/redfish/v1/Systems/1/Actions',
    '/redfish/v1/Systems/a b',
  ];
  const Members = [
    '/redfish/v1/Systems/1',
    '/redfish/v1/Systems/1/',
    '/redfish/v1/systems/1#x',
    ...lures,
  ].map((path) => ({ '@odata.id': path }));
  const { url, asked } = await service(({ url: path }) => {
    if (path === '/redfish/v1/') return root;
    if (path === '/redfish/v1/Systems') return { Members };
    return path === '/redfish/v1/Systems/1'
      ? { '@odata.type': '#ComputerSystem.v1.ComputerSystem', HostName: 'a', Members }
      : 404;
  });
  const evidence = await askRedfish(quietIo(), { url });
  expect(asked.map((one) => one.url).toSorted()).toEqual([
    '/redfish/v1/',
    '/redfish/v1/Chassis',
    '/redfish/v1/Systems',
    '/redfish/v1/Systems/1',
  ]);
  expect(parsed(redfish, evidence, { site: 'fra1' }).facts[0]?.subject).toBe('fra1/a');
});

test('a resource that fails, and a password that is refused, end the walk', async () => {
  const failing = await service(({ url: path }) => (path === '/redfish/v1/' ? root : 503));
  await expect(askRedfish(quietIo(), { url: failing.url })).rejects.toThrow('answers 503');
  const closed = await service(() => 401);
  await expect(askRedfish(quietIo(), { url: closed.url })).rejects.toThrow('answers 401');
  await expect(askRedfish(quietIo(), { url: 'ftp://bmc' })).rejects.toThrow('no http address');
});

test('a service without machines is refused by what it has', async () => {
  const { url } = await service(({ url: path }) =>
    path === '/redfish/v1/' ? { ...root, '@odata.type': '#ServiceRoot.v1.ServiceRoot' } : 404,
  );
  const evidence = await askRedfish(quietIo(), { url });
  expect(refusal(() => parsed(redfish, evidence)).message).toContain('has no `ComputerSystem`');
});

test('a service that never ends is left', async () => {
  let next = 0;
  const { url } = await service(({ url: path }) =>
    path === '/redfish/v1/'
      ? root
      : {
          Members: Array.from({ length: 200 }, () => ({ '@odata.id': `/redfish/v1/Systems/${next++}` })),
          fill: 'x'.repeat(400_000),
        },
  );
  await expect(askRedfish(quietIo(), { url })).rejects.toThrow('64 MiB');
}, 30_000);

test('berth import redfish --url reads it', async () => {
  const { url } = await service(({ url: path }) => captured[path.replace(/\/$/u, '')] ?? 404);
  const ran = await berth(['import', 'redfish', '--url', url, '--site', 'fra1', '--dry-run', '--json'], {
    home: newFolder(),
  });
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ source: 'redfish', subjects: { node: 1, gpu: 2, nic: 2 } });
}, 30_000);
