import { BerthError } from '../../model/error.ts';
import type { SourceName } from '../../model/fact.ts';
import type { Evidence, Source } from '../../sources/source.ts';
import { readEvidence } from '../files.ts';
import type { Io } from '../io.ts';
import { askUrl, type Endpoint, readsUrls } from './endpoint.ts';
import { askCluster, readsClusters } from './kubectl.ts';
import { askSlurm } from './scontrol.ts';

/** Where evidence comes from: files, or one live system that the user named. */
export type Given = {
  readonly files: readonly string[];
  readonly context?: string;
  readonly endpoint?: Endpoint;
  readonly live?: boolean;
};

/** A way to read a live system: the option that asks for it, which sources have it, and how an error offers it. */
type Way = {
  readonly option: '--context' | '--url' | '--live';
  readonly reads: (source: SourceName) => boolean;
  readonly offer: string;
};

const byContext: Way = {
  option: '--context',
  reads: readsClusters,
  offer: 'name a cluster of your kubectl with `--context`',
};
const byUrl: Way = { option: '--url', reads: readsUrls, offer: 'name its address with `--url`' };
const byScontrol: Way = {
  option: '--live',
  reads: (source) => source === 'slurm',
  offer: 'read the cluster of your scontrol with `--live`',
};

/** The evidence for an import. Throws where neither files nor a live system is named, or both, or the source has none. */
export async function gather(io: Io, source: Source, given: Given): Promise<readonly Evidence[]> {
  const { files, context, endpoint, live } = given;
  refuseTwo(given);
  if (context !== undefined) {
    requireWay(source, byContext);
    return [await askCluster(io, source.name, context)];
  }
  if (endpoint !== undefined) {
    requireWay(source, byUrl);
    return askUrl(io, source.name, endpoint);
  }
  if (live === true) {
    requireWay(source, byScontrol);
    return askSlurm(io);
  }
  if (files.length > 0) return files.map(readEvidence);
  throw invalid("missing required argument 'file'", `hand in files: \`${source.howTo}\`${otherWay(source)}`);
}

function refuseTwo({ files, context, endpoint, live }: Given): void {
  const [first, second] = [
    ...(files.length > 0 ? ['files'] : []),
    ...(context === undefined ? [] : ['`--context`']),
    ...(endpoint === undefined ? [] : ['`--url`']),
    ...(live === true ? ['`--live`'] : []),
  ];
  if (first !== undefined && second !== undefined)
    throw invalid(`both ${first} and ${second} are given`, 'import one, then the other');
}

function requireWay(source: Source, { option, reads }: Way): void {
  if (reads(source.name)) return;
  throw invalid(
    `${source.name} is not read with \`${option}\``,
    `leave \`${option}\` out and hand in files${otherWay(source)}`,
  );
}

function otherWay({ name }: Source): string {
  const way = [byContext, byUrl, byScontrol].find(({ reads }) => reads(name));
  return way === undefined ? '' : `, or ${way.offer}`;
}

function invalid(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
