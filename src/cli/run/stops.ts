import { StopTarget } from '../../model/authority.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record } from './record.ts';

/** Stops something at once, or lists what is stopped. */
export async function stop(
  io: Io,
  typed: string | undefined,
  options: Common & { readonly reason?: string },
): Promise<number> {
  if (typed === undefined) return listStops(io, options);
  const { reason } = options;
  if (reason === undefined) throw invalid('a stop needs a reason', 'say why with `--reason`', '--reason');
  return record(io, options, { kind: 'stop', target: targetOf(typed), reason: cleanText(reason, 300) });
}

export async function resume(
  io: Io,
  typed: string,
  options: Common & { readonly reason: string },
): Promise<number> {
  const reason = cleanText(options.reason, 300);
  return record(io, options, { kind: 'resume', target: targetOf(typed), reason });
}

async function listStops(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const { stops } = await control.authority(caller);
    const lines = stops.map(({ target, reason, since, by }) => {
      return `${target.kind} ${target.id}  since ${since} by ${by}: ${cleanText(reason)}`;
    });
    print(
      io,
      options.json,
      { kind: 'text', lines: lines.length === 0 ? ['nothing is stopped'] : lines },
      stops,
    );
    return 0;
  });
}

/** `agent:ops-bot` and `person:ada` are principals; `tenant:`, `model:`, `tool:` and `catalogue:` say their kind. */
function targetOf(typed: string): StopTarget {
  const kind = typed.slice(0, typed.indexOf(':'));
  const isPrincipal = kind === 'agent' || kind === 'person';
  const target = StopTarget.safeParse({
    kind: isPrincipal ? 'principal' : kind,
    id: isPrincipal ? typed : typed.slice(kind.length + 1),
  });
  if (target.success) return target.data;
  throw invalid(
    `\`${cleanText(typed, 80)}\` is nothing that can be stopped`,
    'write `agent:ops-bot`, `person:ada`, `tenant:acme`, `model:NAME`, `tool:NAME` or `catalogue:sha256:…`',
    'target',
  );
}

function invalid(message: string, fix: string, field: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix, field });
}
