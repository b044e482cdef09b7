import type { DoubtFilter } from '../../control/doubts.ts';
import { drawConflicts, drawProvenance, drawUnknown } from '../doubts-report.ts';
import type { Io } from '../io.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type DoubtOptions = Common & { readonly limit?: number; readonly cursor?: string };

export function conflicts(io: Io, place: string | undefined, options: DoubtOptions): Promise<number> {
  return answer(io, options, ({ control }) => control.conflicts(filterOf(place, options, 50)), drawConflicts);
}

export function unknowns(io: Io, place: string | undefined, options: DoubtOptions): Promise<number> {
  return answer(io, options, ({ control }) => control.unknowns(filterOf(place, options, 50)), drawUnknown);
}

export function provenance(io: Io, place: string, options: DoubtOptions): Promise<number> {
  const filter = { ...filterOf(place, options, 20), within: place };
  return answer(io, options, ({ control }) => control.provenance(filter), drawProvenance);
}

function filterOf(place: string | undefined, { limit, cursor }: DoubtOptions, usual: number): DoubtFilter {
  return {
    ...(place === undefined ? {} : { within: place }),
    limit: Math.max(1, limit ?? usual),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

async function answer<T>(
  io: Io,
  options: DoubtOptions,
  ask: (session: Session) => Promise<T>,
  draw: (io: Io, answer: T) => string,
): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const found = await ask(session);
    io.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : draw(io, found));
    return 0;
  });
}
