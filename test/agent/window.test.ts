import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { planned } from './say.ts';

/** What is said about the time, and the window of the demand: start, and length in hours. Clock: Wed 25 Nov 2026 10:00. */
const windows: readonly (readonly [said: string, start: string, hours: number])[] = [
  ['for 3 days from next Monday', '2026-11-30T00:00:00+01:00', 72],
  ['from next Monday for 3 days', '2026-11-30T00:00:00+01:00', 72],
  ['for a day from monday after next', '2026-12-07T00:00:00+01:00', 24],
  ['for 2 days starting a week from tomorrow', '2026-12-03T00:00:00+01:00', 48],
  ['for a week from tomorrow', '2026-11-26T00:00:00+01:00', 168],
  ['for Q1 2027', '2027-01-01T00:00:00+01:00', 90 * 24 - 1],
  ['from now until EOD Friday', '2026-11-25T10:00:00+01:00', 62],
  ['3 wks from 1 December', '2026-12-01T00:00:00+01:00', 504],
  ['from the 3rd for 2 days', '2026-12-03T00:00:00+01:00', 48],
  ['for 36 hours from tomorrow 8am', '2026-11-26T08:00:00+01:00', 36],
  ['from tomorrow 9am until 6pm', '2026-11-26T09:00:00+01:00', 9],
  ['tomorrow between 9am and 6pm', '2026-11-26T09:00:00+01:00', 9],
  ['between 14:00 and 18:00 tomorrow', '2026-11-26T14:00:00+01:00', 4],
  ['from Monday 9am to 5pm', '2026-11-30T09:00:00+01:00', 8],
  ['from Dec 3rd 9am until Dec 5th 9am', '2026-12-03T09:00:00+01:00', 48],
  ['dec 7 to dec 12', '2026-12-07T00:00:00+01:00', 120],
  ['between 1 and 5 December', '2026-12-01T00:00:00+01:00', 96],
  ['1-5 december', '2026-12-01T00:00:00+01:00', 96],
  ['from 01/12/2026 until 03/12/2026', '2026-12-01T00:00:00+01:00', 48],
  ['on 30.11. for 6h', '2026-11-30T00:00:00+01:00', 6],
  ['from next Wednesday until Friday', '2026-12-02T00:00:00+01:00', 48],
  ['from next Monday to Friday', '2026-11-30T00:00:00+01:00', 96],
  ['from 20 Dec until 5 Jan', '2026-12-20T00:00:00+01:00', 384],
  ['over the weekend', '2026-11-28T00:00:00+01:00', 48],
  ['all day tomorrow', '2026-11-26T00:00:00+01:00', 24],
  ['in 2 hours for 90 minutes', '2026-11-25T12:00:00+01:00', 1.5],
  ['for three and a half days from Jan 4th 2027', '2027-01-04T00:00:00+01:00', 84],
  ['for a fortnight starting 2 Dec', '2026-12-02T00:00:00+01:00', 336],
  ['from Friday through Sunday', '2026-11-27T00:00:00+01:00', 72],
  ['from 18:00 UTC today for 2h', '2026-11-25T19:00:00+01:00', 2],
  ['2026-12-01T09:00:00+01:00 until 2026-12-02T09:00:00+01:00', '2026-12-01T09:00:00+01:00', 24],
  ['for the next 48 hours', '2026-11-25T10:00:00+01:00', 48],
  ['from 15 January 2027 at noon for 5 days', '2027-01-15T12:00:00+01:00', 120],
];

describe('time as people say it', () => {
  test.each(windows)('%s', async (said, earliestStart, hours) => {
    const { demand } = await planned(`8 H100 for globex ${said}`);
    expect(demand.window).toEqual({ earliestStart, durationS: hours * 3600 });
  });

  test('days are calendar days: three of them are 71 hours when the clock goes forward', async () => {
    const { demand } = await planned('8 H100 for globex for 3 days from 27 March 2027');
    expect(demand.window).toEqual({ earliestStart: '2027-03-27T00:00:00+01:00', durationS: 71 * 3600 });
  });

  test('soonest looks thirty days ahead', async () => {
    const { demand } = await planned('8 H100 for globex for 2 days asap');
    expect(demand.objective).toBe('soonest');
    expect(demand.window).toEqual({
      earliestStart: '2026-11-25T10:00:00+01:00',
      latestStart: '2026-12-25T10:00:00+01:00',
      durationS: 172_800,
    });
  });

  test('a deadline leaves the start open', async () => {
    const { demand } = await planned('8 H100 for globex for 3 days by 10 December');
    expect(demand.window).toEqual({
      earliestStart: '2026-11-25T10:00:00+01:00',
      latestStart: '2026-12-07T00:00:00+01:00',
      deadline: '2026-12-10T00:00:00+01:00',
      durationS: 259_200,
    });
  });

  test('until further notice has no length', async () => {
    const { demand } = await planned('8 H100 for globex from tomorrow until further notice');
    expect(demand.window).toEqual({ earliestStart: '2026-11-26T00:00:00+01:00' });
  });

  test('a next weekday that could be two days says which one was taken', async () => {
    const { demand, assumptions } = await planned('8 H100 for globex next Friday for a day');
    expect(demand.window.earliestStart).toBe('2026-12-04T00:00:00+01:00');
    expect(assumptions.join()).toContain('not Fri 27 Nov 2026');
  });
});

/** The host's zone and locale are read once at start, so each needs a process of its own. */
test.each([
  ['UTC', 'C'],
  ['America/New_York', 'de_DE.UTF-8'],
  ['Pacific/Kiritimati', 'tr_TR.UTF-8'],
])('the time zone %s and the locale %s of the host change nothing', { timeout: 20_000 }, (zone, locale) => {
  const say = new URL('say.ts', import.meta.url).href;
  const said = windows.map(([words]) => `8 H100 for globex ${words}`);
  const code = `const { planned } = await import(${JSON.stringify(say)});
    for (const line of ${JSON.stringify(said)}) console.log((await planned(line)).demand.window.earliestStart);`;
  const env = { ...process.env, TZ: zone, LC_ALL: locale, LANG: locale };
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env,
    cwd,
    encoding: 'utf8',
  });
  expect(out.trim().split('\n')).toEqual(windows.map(([, start]) => start));
});
