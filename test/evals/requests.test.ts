import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { faultsOf, readRequests, type Request } from '../../evals/runner/request.ts';
import { Stage } from '../../evals/runner/scene.ts';

const requests = readRequests(fileURLToPath(new URL('../../evals/requests', import.meta.url)));
const stage = new Stage();

const named = (isMisread: boolean): readonly (readonly [string, Request])[] =>
  requests
    .filter(({ misread }) => (misread !== undefined) === isMisread)
    .map((request) => [request.id, request]);

test.each(named(false))('%s', async (_, request) => {
  expect(await faultsOf(stage, request)).toEqual([]);
});

test('what is said to be misread is misread', async () => {
  const read: string[] = [];
  for (const [id, request] of named(true)) if ((await faultsOf(stage, request)).length === 0) read.push(id);
  expect(read).toEqual([]);
});

test('there are more than sixty, each with a name of its own', () => {
  const names = new Set(requests.map(({ id }) => id));
  expect(names.size).toBe(requests.length);
  expect(requests.length).toBeGreaterThan(60);
});
