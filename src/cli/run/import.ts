import { setImmediate as nextTurn } from 'node:timers/promises';

import { BerthError } from '../../model/error.ts';
import { detectSource, sources } from '../../sources/registry.ts';
import type { Evidence, Source } from '../../sources/source.ts';
import { drawImport } from '../import-report.ts';
import type { Io } from '../io.ts';
import type { Endpoint } from '../live/endpoint.ts';
import { gather } from '../live/gather.ts';
import { progressLine } from '../progress.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ImportOptions = Common & {
  readonly site?: string;
  readonly context?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly tokenEnv?: string;
  readonly live?: boolean;
  readonly region?: string;
  readonly eurPerUsd?: string;
  readonly node?: readonly string[];
  readonly dryRun?: boolean;
};

export async function importFacts(
  io: Io,
  asked: { readonly name: string; readonly files: readonly string[] },
  options: ImportOptions,
): Promise<number> {
  const source = sourceNamed(asked.name);
  const evidence = await gather(io, source, {
    files: asked.files,
    ...(options.context === undefined ? {} : { context: options.context }),
    ...endpointOf(options),
    ...(options.live === undefined ? {} : { live: options.live }),
  });
  refuseOther(source, evidence);
  return read(io, { source, evidence, options });
}

/** A secret without an address would be a slip that goes unnoticed. */
function endpointOf({ url, tokenFile, tokenEnv }: ImportOptions): { readonly endpoint?: Endpoint } {
  if (url === undefined && (tokenFile ?? tokenEnv) !== undefined)
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: 'the place of a secret is given without an address',
      fix: 'add `--url`, or leave `--token-file` and `--token-env` out',
    });
  if (url === undefined) return {};
  const place = {
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(tokenEnv === undefined ? {} : { tokenEnv }),
  };
  return { endpoint: { url, ...place } };
}

async function read(
  io: Io,
  {
    source,
    evidence,
    options,
  }: { readonly source: Source; readonly evidence: readonly Evidence[]; readonly options: ImportOptions },
): Promise<number> {
  return withSession(
    io,
    { ...options, client: 'berth-cli', fallback: 'empty' },
    async ({ control, caller, clock }) => {
      const progress = progressLine(io);
      const observation = source.parse(evidence, {
        observedAtMs: clock.nowMs(),
        ...(options.site === undefined ? {} : { site: options.site }),
        ...(options.region === undefined ? {} : { region: options.region }),
        ...(options.eurPerUsd === undefined ? {} : { eurPerUsd: options.eurPerUsd }),
        ...(options.node === undefined ? {} : { nodes: options.node }),
        progress: (count, total) => progress.step(count, total, `records of ${source.title} read`),
        signal: io.interrupt,
      });
      // Signals are delivered between turns of the event loop only: one is due before anything is recorded.
      await nextTurn();
      if (io.interrupt.aborted) throw interrupted();
      progress.step(observation.facts.length, undefined, 'facts, comparing');
      const result = await control.importObservation(caller, observation, options.dryRun === true);
      progress.clear();
      io.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : drawImport(io, result));
      return 0;
    },
  );
}

function sourceNamed(name: string): Source {
  const found = [...sources.values()].find((source) => source.name === name);
  if (found !== undefined) return found;
  const known = [...sources.keys()];
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `no source is called \`${name}\``,
    fix: `use one of ${known.join(', ')}`,
    allowed: known,
  });
}

/** A file that is plainly something else gets told so before its parser trips over it. */
function refuseOther(source: Source, evidence: readonly Evidence[]): void {
  for (const file of evidence) {
    const found = detectSource(file);
    if (found === undefined || found === source.name || source.alsoReads?.includes(found) === true) continue;
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${file.file}\` looks like ${found}, not like ${source.name}`,
      fix: sources.has(found) ? `run \`berth import ${found} ${file.file}\`` : `no source reads ${found} yet`,
    });
  }
}

function interrupted(): BerthError {
  return new BerthError({
    code: 'INTERRUPTED',
    message: 'interrupted; nothing was recorded',
    fix: 'run it again',
  });
}
