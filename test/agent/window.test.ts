import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { planned, talk } from './say.ts';

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
  ['from tomorrow noon until Sunday night', '2026-11-26T12:00:00+01:00', 84],
  ['from Friday night for 6 hours', '2026-11-27T22:00:00+01:00', 6],
  ['tomorrow 2-6pm', '2026-11-26T14:00:00+01:00', 4],
  ['tomorrow 9 to 5pm', '2026-11-26T09:00:00+01:00', 8],
  ['tomorrow 9am-5pm', '2026-11-26T09:00:00+01:00', 8],
  ['tomorrow 9-17', '2026-11-26T09:00:00+01:00', 8],
  ['from 23:00 to 05:00', '2026-11-25T23:00:00+01:00', 6],
  ['from now until midnight', '2026-11-25T10:00:00+01:00', 14],
  ['30 nov -> 7 dec', '2026-11-30T00:00:00+01:00', 168],
  ['30 nov → 7 dec', '2026-11-30T00:00:00+01:00', 168],
  ['for the rest of the month', '2026-11-25T10:00:00+01:00', 134],
  ['for the week of 9 December', '2026-12-07T00:00:00+01:00', 168],
  ['for a day, Monday week', '2026-12-07T00:00:00+01:00', 24],
  ['for half a day from Monday', '2026-11-30T00:00:00+01:00', 12],
  ['for a quarter from 1 January', '2027-01-01T00:00:00+01:00', 90 * 24 - 1],
  ['from 9am New York time tomorrow for 12 hours', '2026-11-26T15:00:00+01:00', 12],
  ['from 1 December 9am ET for 4 hours', '2026-12-01T15:00:00+01:00', 4],
  ['from 1 December 9am UTC+2 for 4 hours', '2026-12-01T08:00:00+01:00', 4],
  ['from 1 December 09:00+05:30 for 4 hours', '2026-12-01T04:30:00+01:00', 4],
  ['from 1 December 9am Tokyo time for 4 hours', '2026-12-01T01:00:00+01:00', 4],
  ['from 1 December 9am Frankfurt time for 4 hours', '2026-12-01T09:00:00+01:00', 4],
  ['vom 1. bis 5. Dezember', '2026-12-01T00:00:00+01:00', 96],
  ['morgen von 9 bis 17 Uhr', '2026-11-26T09:00:00+01:00', 8],
  ['du 1er au 5 décembre', '2026-12-01T00:00:00+01:00', 96],
  ['durante 3 días desde el lunes', '2026-11-30T00:00:00+01:00', 72],
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

  test.each([
    ['within the next 2 weeks', '2026-11-25T10:00:00+01:00', '2026-12-09T10:00:00+01:00'],
    ['any time in December', '2026-12-01T00:00:00+01:00', '2027-01-01T00:00:00+01:00'],
    ['sometime next week', '2026-11-30T00:00:00+01:00', '2026-12-07T00:00:00+01:00'],
  ])('3 days %s may begin anywhere in it', async (said, earliestStart, deadline) => {
    const { demand } = await planned(`8 H100 for globex for 3 days ${said}`);
    expect(demand.window).toMatchObject({ earliestStart, deadline, durationS: 259_200 });
    expect(demand.window.latestStart).toBeDefined();
  });

  test.each([
    ['from mid December for 10 days', 'the start is read as Wed 16 Dec 2026 00:00'],
    ['tomorrow afternoon for 2 hours', 'the start is read as Thu 26 Nov 2026 14:00'],
    ['from 02/03/2027 for 2 days', '`02/03/2027` is read as day and month'],
    ['on 28 March 2027 from 02:30 for 1 hour', 'the clock skips that hour'],
    ['from 9am New York time tomorrow for 2 hours', 'the start is read as Thu 26 Nov 2026 15:00'],
  ])('%s says how it was read', async (said, note) => {
    const { assumptions } = await planned(`8 H100 for globex ${said}`);
    expect(assumptions.join()).toContain(note);
  });

  test.each([
    'from 1 December 9am IST for 4 hours',
    'from 1 December 9am local time for 4 hours',
    'for a day on 2027-13-01',
    'tomorrow from 2 to 6',
    'for 0 days from tomorrow',
  ])('%s is asked about', async (said) => {
    const { last, fleet } = await talk([`8 H100 for globex ${said}`]);
    expect(last.outcome).toBe('needs_input');
    expect(last.reply).not.toContain('1970');
    expect(fleet.last('placement_plan')).toBeUndefined();
  });

  test('last Monday is no coming Monday', async () => {
    const { demand } = await planned('8 H100 for globex starting last Monday for 3 days');
    expect(demand.window.earliestStart).toBe('2026-11-23T00:00:00+01:00');
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
