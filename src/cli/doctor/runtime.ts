import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { clockAt } from '../../control/clock.ts';
import { isZone } from '../../control/zone.ts';
import { readSettings, homeOf } from '../home.ts';
import type { Io } from '../io.ts';
import { version } from '../version.ts';
import { zoneOf } from '../zone.ts';
import { type Check, failed } from './check.ts';

type Versions = Readonly<Record<string, string | undefined>>;

/** The program, what runs it, and the time it believes in. */
export function runtimeChecks(io: Io, versions: Versions = process.versions): readonly Check[] {
  return [
    { area: 'runtime', check: 'berth', status: 'ok', found: `version ${version()}` },
    nodeCheck(versions),
    sqliteCheck(versions),
    clockCheck(io),
    zoneCheck(io),
  ];
}

function nodeCheck({ node = 'none' }: Versions): Check {
  const least = leastNode();
  const row = { area: 'runtime', check: 'node', found: `Node ${node}, ${least} or newer is needed` } as const;
  return Number.parseInt(node, 10) >= least
    ? { ...row, status: 'ok' }
    : { ...row, status: 'fail', fix: `run berth with Node ${least}; \`npm ci\` brings one` };
}

function leastNode(): number {
  const text = readFileSync(fileURLToPath(import.meta.resolve('#package.json')), 'utf8');
  const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(JSON.parse(text));
  return Number(/\d+/.exec(engines.node)?.[0]);
}

function sqliteCheck({ sqlite }: Versions): Check {
  const row = { area: 'runtime', check: 'sqlite' } as const;
  return sqlite === undefined
    ? {
        ...row,
        status: 'fail',
        found: 'this Node was built without SQLite',
        fix: 'use the Node of nodejs.org, or the one that `npm ci` brings',
      }
    : { ...row, status: 'ok', found: `SQLite ${sqlite}` };
}

/** A clock that stands still is meant for demos and tests, and is not noticed for a long time elsewhere. */
function clockCheck(io: Io): Check {
  const row = { area: 'runtime', check: 'clock' } as const;
  try {
    const asked = io.env['BERTH_NOW'] ?? '';
    if (asked !== '') {
      clockAt(asked);
      return { ...row, status: 'warn', found: `stands at ${asked} (BERTH_NOW)`, fix: 'unset BERTH_NOW' };
    }
    const { clock } = readSettings(homeOf(io));
    if (clock === undefined) return { ...row, status: 'ok', found: 'the clock of this machine' };
    clockAt(clock, 'clock');
    return { ...row, status: 'ok', found: `stands at ${clock}, as the demo world wants it` };
  } catch (error) {
    return failed('runtime', 'clock', error);
  }
}

function zoneCheck(io: Io): Check {
  const row = { area: 'runtime', check: 'time zone' } as const;
  const asked = io.env['TZ'] ?? '';
  if (asked === '' || isZone(asked)) return { ...row, status: 'ok', found: zoneOf(io) };
  const found = `TZ names no zone; ${zoneOf(io)} is used`;
  return { ...row, status: 'warn', found, fix: 'set TZ such as `Europe/Berlin`, or unset it' };
}
