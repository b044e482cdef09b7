import { z } from 'zod';

import { placementSimulate } from '../../../tools/placement-simulate.ts';
import { BerthError } from '../../model/error.ts';
import { readWritten, type Written } from '../files.ts';
import type { Io } from '../io.ts';
import { located } from '../located.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

type Options = Common & { lose?: string[]; from?: string; until?: string; file?: string };

/** Plays edits on a copy: places from the command line, or a file with anything that can be otherwise. */
export async function whatif(io: Io, { file, lose, from, until, ...options }: Options): Promise<number> {
  if ((file === undefined) === (lose === undefined)) throw notOne();
  const written = file === undefined ? undefined : await readWritten(io, file);
  const args = written === undefined ? { lose, from, until } : argumentsIn(written, file ?? '');
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const simulation = await useTool(io, session, placementSimulate, args).catch((error: unknown) => {
      throw written === undefined ? error : located(error, written, file ?? '');
    });
    print(io, options.json, { kind: 'simulation', simulation }, simulation);
    return 0;
  });
}

function argumentsIn({ value }: Written, file: string): Record<string, unknown> {
  const root = z.record(z.string(), z.unknown()).safeParse(value).data;
  const { schema = 'berth/scenario/1', ...args } = root ?? { schema: 'none' };
  if (schema === 'berth/scenario/1') return args;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is no scenario`,
    fix: 'write `edits:` and a list below it; `berth whatif --help` shows an example',
  });
}

function notOne(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'whatif needs `--lose` or `-f`, and only one of them',
    fix: 'name places with `--lose`, or a file of edits with `-f`',
  });
}
