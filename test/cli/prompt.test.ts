import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { headOf } from './refusal.ts';
import { berth, demoHome } from './run.ts';

const Turn = z.object({ schema: z.literal('berth/turn/1'), outcome: z.string() });

let home = '';
beforeAll(async () => {
  home = await demoHome();
});

test.each([
  [0, 'answered', 'which nodes have 4 free H100 right now?'],
  [2, 'error', ''],
  [3, 'planned', 'I need 8 H100 with NVLink for 2 days from tomorrow for globex'],
  [4, 'infeasible', 'I need 800 H100 for 2 days from tomorrow for globex'],
  [5, 'denied', 'put 8 H100 in iad3 for acme from tomorrow for 1 day'],
  [6, 'needs_input', 'asdf qwer'],
  [6, 'needs_input', 'release C-104'],
  [6, 'needs_input', '-4 H100 for acme tomorrow for 1 day'],
])('exit %i, %s, one line of JSON, and nothing recorded: %s', async (code, outcome, prompt) => {
  const head = await headOf(home);
  const ran = await berth(['-p', prompt, '--output', 'json'], { home });
  expect({ code: ran.code, lines: ran.stdout.split('\n').length }).toEqual({ code, lines: 2 });
  expect(Turn.parse(JSON.parse(ran.stdout)).outcome).toBe(outcome);
  expect(await headOf(home)).toBe(head);
});

test('without text, stdin is the request, and --json is --output json', async () => {
  const question = 'which contracts run in r12?';
  const told = await berth(['-p', '--json'], { home, stdin: `${question}\n` });
  const asked = await berth(['-p', question, '--output', 'json'], { home });
  const lasting = ({ stdout }: typeof told) => stdout.replaceAll(/"tookMs":[0-9.]+|"session":"S-\d+"/g, '');
  expect(told.code).toBe(0);
  expect(lasting(told)).toBe(lasting(asked));
});

test('as text, what is answered stands on stdout', async () => {
  const { code, stdout, stderr } = await berth(['-p', 'show C-101'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('C-101');
});
