import { maintenancePlan } from '../../../tools/maintenance-plan.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

type Options = Common & {
  readonly from?: string;
  readonly until?: string;
  readonly allowPrice?: boolean;
  readonly waves?: boolean;
  readonly within?: string[];
  readonly length?: string;
  readonly between?: string[];
  readonly atMost?: number;
};

/** A plan that empties nodes at once, or in windows one after the other. 4 when no node gets empty. */
export async function drain(io: Io, nodes: readonly string[], options: Options): Promise<number> {
  const args = options.waves === true ? wavesAsked(nodes, options) : drainAsked(nodes, options);
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const plan = await useTool(io, session, maintenancePlan, args);
    print(io, options.json, { kind: 'maintenance', plan }, plan);
    return plan.outcome === 'blocked' ? 4 : 0;
  });
}

function drainAsked(
  nodes: readonly string[],
  { within = [], from, until, allowPrice, ...rest }: Options,
): Record<string, unknown> {
  const stray = (['length', 'between', 'atMost'] as const).find((name) => rest[name] !== undefined);
  if (stray !== undefined) throw wrong(`\`--${dashed(stray)}\` belongs to \`--waves\``, 'add `--waves`');
  return { places: placesIn(nodes, within), from, until, allowPrice };
}

function wavesAsked(
  nodes: readonly string[],
  { within = [], from, until, length, between = [], atMost, allowPrice }: Options,
): Record<string, unknown> {
  const [first, last, ...more] = between;
  if (from !== undefined || until !== undefined || more.length > 0 || last === undefined)
    throw wrong('`--waves` needs `--between` with two instants', 'say from when to when windows may be');
  if (length === undefined) throw wrong('`--waves` needs `--length`', 'say how long one window is: `4h`');
  return {
    places: placesIn(nodes, within),
    from: first,
    until: last,
    lengthS: secondsOf(length),
    atMost,
    allowPrice,
  };
}

function placesIn(nodes: readonly string[], within: readonly string[]): readonly string[] {
  const places = [...nodes, ...within];
  if (places.length > 0) return places;
  throw wrong('no node is named', 'name nodes, or a place with `--within`');
}

/** `90m`, `4h`, `2d`. */
function secondsOf(text: string): number {
  const [, digits, unit = ''] = /^([0-9]{1,6})([mhd])$/.exec(text) ?? [];
  if (digits !== undefined)
    return (
      Number(digits) *
      (new Map([
        ['m', 60],
        ['h', 3600],
        ['d', 86_400],
      ]).get(unit) ?? 1)
    );
  throw wrong(`\`${cleanText(text, 40)}\` is no length`, 'write minutes, hours or days: `90m`, `4h`, `2d`');
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
}

function wrong(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
