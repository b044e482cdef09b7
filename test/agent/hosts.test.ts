import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { lines } from './host-lines.ts';
import { planned } from './say.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('host-lines.ts', import.meta.url));

const zones = ['UTC', 'America/Los_Angeles', 'Asia/Kolkata', 'Pacific/Kiritimati'];
const locales = ['en_US.UTF-8', 'de_DE.UTF-8', 'tr_TR.UTF-8'];
const hosts = zones.flatMap((zone) => locales.map((locale) => [zone, locale] as const));

test.each(hosts)(
  'a host in %s that speaks %s asks for the same',
  async (zone, locale) => {
    const here = [];
    for (const line of lines) here.push(await planned(line));
    const env = { ...process.env, TZ: zone, LC_ALL: locale, LANG: locale };
    const { stdout } = await run(process.execPath, [script], { env });
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(here)));
  },
  120_000,
);

test.each([
  // Clocks go forward on 28 March 2027 and back on 31 October 2027 in Berlin.
  [0, '2027-03-27T22:00:00+01:00', 23 * 3600],
  [1, '2027-10-30T22:00:00+02:00', 25 * 3600],
  [2, '2027-10-31T00:00:00+02:00', 25 * 3600],
  [3, '2027-03-28T00:00:00+01:00', 24 * 3600],
  [4, '2027-03-28T03:30:00+02:00', 3 * 3600],
  [5, '2027-10-31T01:30:00+02:00', 2 * 3600],
])('line %i begins and lasts as the clocks of its team do', async (at, earliestStart, durationS) => {
  const { demand } = await planned(lines[at] ?? '');
  expect(demand.window).toMatchObject({ earliestStart, durationS });
});
