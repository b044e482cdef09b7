import { BerthError } from '../../model/error.ts';
import type { Evidence, Source } from '../../sources/source.ts';
import { readEvidence } from '../files.ts';
import type { Io } from '../io.ts';
import { askUrl, type Endpoint, readsUrls } from './endpoint.ts';
import { askCluster, readsClusters } from './kubectl.ts';

/** Where evidence comes from: files, or a system that the user named. */
export type Given = {
  readonly files: readonly string[];
  readonly context?: string;
  readonly endpoint?: Endpoint;
};

/** The evidence for an import. Throws where neither files nor a live system is named, or both, or the source has none. */
export async function gather(
  io: Io,
  source: Source,
  { files, context, endpoint }: Given,
): Promise<readonly Evidence[]> {
  if (endpoint !== undefined) return gatherFromUrl(io, source, { files, endpoint });
  if (context === undefined) {
    if (files.length > 0) return files.map(readEvidence);
    throw invalid(
      "missing required argument 'file'",
      `hand in files: \`${source.howTo}\`${liveWords(source)}`,
    );
  }
  if (!readsClusters(source.name))
    throw invalid(`${source.name} is not read from a cluster`, 'leave `--context` out and hand in files');
  if (files.length > 0) throw invalid('both files and `--context` are given', 'import one, then the other');
  return [await askCluster(io, source.name, context)];
}

async function gatherFromUrl(
  io: Io,
  source: Source,
  { files, endpoint }: { readonly files: readonly string[]; readonly endpoint: Endpoint },
): Promise<readonly Evidence[]> {
  if (!readsUrls(source.name))
    throw invalid(`${source.name} is not read from an address`, 'leave `--url` out and hand in files');
  if (files.length > 0) throw invalid('both files and `--url` are given', 'import one, then the other');
  return askUrl(io, source.name, endpoint);
}

function liveWords({ name }: Source): string {
  if (readsClusters(name)) return ', or name a cluster of your kubectl with `--context`';
  return readsUrls(name) ? ', or name its address with `--url`' : '';
}

function invalid(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
