import { sha256Of } from '../../ledger/chain.ts';
import { BerthError } from '../../model/error.ts';
import type { Evidence as Named, Measurement, Watch } from '../../model/measurement.ts';
import { cleanText } from '../../model/text.ts';
import { noFindings } from '../../sources/observation.ts';
import { measure } from '../../sources/prometheus/measure.ts';
import { samplesOf } from '../../sources/prometheus/prometheus.ts';
import { questionsFor } from '../../sources/prometheus/queries.ts';
import type { Sample } from '../../sources/prometheus/sample.ts';
import { wattsNow } from '../../sources/redfish/watts-now.ts';
import type { Evidence } from '../../sources/source.ts';
import { readEvidence } from '../files.ts';
import type { Io } from '../io.ts';
import type { SecretPlace } from './http.ts';
import { fetchBytes } from './http.ts';
import { isExporter, placeOf } from './prometheus.ts';
import { askRedfish } from './redfish.ts';

/**
 * Where values are read: files, a Prometheus or an exporter, one for each site where there are several, and management
 * controllers by the node they belong to.
 */
export type Metered = {
  readonly files: readonly string[];
  readonly urls: readonly string[];
  readonly secret?: SecretPlace;
  readonly redfish: ReadonlyMap<string, string>;
};

type Gathered = { readonly samples: readonly Sample[]; readonly evidence: Named; readonly isResponse?: true };

/**
 * Measures contracts, round by round. What a Prometheus remembers is asked for anew each time; what an exporter or a
 * management controller says of the moment only is kept for as long as windows reach back.
 */
export class Meter {
  readonly #io: Io;
  readonly #metered: Metered;
  #kept: readonly Gathered[] = [];

  constructor(io: Io, metered: Metered) {
    this.#io = io;
    this.#metered = metered;
  }

  /** Reads what speaks of the moment. To be called once a round, before the contracts of it. */
  async look(nowMs: number, watches: readonly Watch[]): Promise<void> {
    const fresh = [...(await this.#exporter(nowMs)), ...(await this.#controllers(nowMs, watches))];
    const [watch] = watches;
    const sinceMs = nowMs - (watch === undefined ? 0 : watch.windowS * watch.windowCount * 1000);
    const stands = ({ samples: [first] }: Gathered) => (first?.atMs ?? 0) > sinceMs;
    this.#kept = [...this.#kept.filter(stands), ...fresh];
  }

  /** Throws as `fetchBytes` does, and INVALID_INPUT for what are no metrics. */
  async measure(watch: Watch): Promise<Measurement> {
    const files = this.#metered.files.map((file) => gathered(readEvidence(file)));
    const all = [...files, ...this.#kept, ...(await this.#prometheus(watch))];
    const of = (isResponse: boolean) =>
      all.flatMap((one) => ((one.isResponse === true) === isResponse ? one.samples : []));
    const { contract, version, untilMs, windowS, windowCount } = watch;
    return {
      schema: 'berth/measurement/1',
      contract,
      version,
      untilMs,
      windowS,
      windowCount,
      series: [...measure(watch, of(false), of(true))],
      evidence: all.map(({ evidence }) => evidence).slice(0, 1000),
    };
  }

  #prometheus(watch: Watch): Promise<readonly Gathered[]> {
    const servers = this.#metered.urls.filter((url) => !isExporter(url));
    return this.#ofEach(servers, async (url) => {
      const answers: Gathered[] = [];
      for (const { kind, path, query } of questionsFor(watch)) {
        const bytes = await this.#fetch(`${url.replace(/\/+$/u, '')}${path}`, 'application/json');
        const read = gathered({ file: `${placeOf(url)} ${kind}`, bytes }, query);
        answers.push(kind === 'response' ? { ...read, isResponse: true } : read);
      }
      return answers;
    });
  }

  #exporter(nowMs: number): Promise<readonly Gathered[]> {
    return this.#ofEach(this.#metered.urls.filter(isExporter), async (url) => {
      const read = gathered({ file: placeOf(url), bytes: await this.#fetch(url, 'text/plain') });
      return [{ ...read, samples: read.samples.map((sample) => ({ atMs: nowMs, ...sample })) }];
    });
  }

  /** One that does not answer leaves what it would tell unknown, and the others count: it is said. None at all fails. */
  async #ofEach(
    urls: readonly string[],
    ask: (url: string) => Promise<readonly Gathered[]>,
  ): Promise<readonly Gathered[]> {
    const answers: Gathered[] = [];
    let failed = 0;
    for (const url of urls) {
      try {
        answers.push(...(await ask(url)));
      } catch (error) {
        failed++;
        if (!(error instanceof BerthError) || failed === this.#metered.urls.length) throw error;
        this.#io.stderr.write(`${placeOf(url)} is left out: ${cleanText(error.message, 300)}\n`);
      }
    }
    return answers;
  }

  /** Of nodes that some contract stands on; the others are nobody's question. */
  async #controllers(nowMs: number, watches: readonly Watch[]): Promise<readonly Gathered[]> {
    const found: Gathered[] = [];
    for (const [node, url] of this.#metered.redfish) {
      const watched = watches
        .flatMap(({ nodes }) => nodes)
        .find(({ id, hostName }) => id === node || hostName === node);
      const { secret } = this.#metered;
      if (watched === undefined) continue;
      for (const evidence of await askRedfish(this.#io, { url, ...(secret === undefined ? {} : { secret }) }))
        found.push({ samples: wattsNow(evidence, watched.hostName, nowMs), evidence: namedOf(evidence, 1) });
    }
    return found;
  }

  #fetch(url: string, accept: string): Promise<Uint8Array> {
    const { secret } = this.#metered;
    return fetchBytes(this.#io, url, { accept, ...(secret === undefined ? {} : { secret }) });
  }
}

function gathered(evidence: Evidence, query?: string): Gathered {
  const samples = samplesOf(evidence, noFindings());
  const named = namedOf(evidence, samples.length);
  return { samples, evidence: query === undefined ? named : { ...named, query } };
}

function namedOf({ file, bytes }: Evidence, sampleCount: number): Named {
  return { source: file.slice(0, 300), digest: sha256Of(bytes), sampleCount };
}
