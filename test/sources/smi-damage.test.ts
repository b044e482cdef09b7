import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { Observation } from '../../src/model/fact.ts';
import { nvidiaSmi } from '../../src/sources/nvidia-smi/nvidia-smi.ts';
import { prometheus } from '../../src/sources/prometheus/prometheus.ts';
import { rocmSmi } from '../../src/sources/rocm-smi/rocm-smi.ts';
import type { Evidence, Source } from '../../src/sources/source.ts';
import { capture, file, refusal } from './given.ts';

type Case = readonly [string, Source];

/** Samples, and how far apart the cuts are: every byte of small ones. */
const samples: readonly (readonly [...Case, number])[] = [
  ['nvidia-smi/topo-m-4xl40s.txt', nvidiaSmi, 1],
  ['nvidia-smi/topo-m-8gpu-2018-format.txt', nvidiaSmi, 1],
  ['nvidia-smi/topo-m-dgx-h100.txt', nvidiaSmi, 1],
  ['nvidia-smi/tesla-t4.xml', nvidiaSmi, 29],
  ['nvidia-smi/linux-x86_64__nvidia-h100-mig__590.48.01.txt', nvidiaSmi, 997],
  ['rocm-smi/rocm-smi-showtopo-8gpu-two-hives.txt', rocmSmi, 1],
  ['rocm-smi/rocm-smi-mi100-rocm602.json', rocmSmi, 17],
  ['dcgm/dcgm-exporter-eks-h100.prom', prometheus, 5],
  ['dcgm/prometheus-query-gpu-util.json', prometheus, 17],
];

/** What a sound observation claims, as subject and attribute; or an error for people that names the file. */
function claims(source: Source, evidence: Evidence): ReadonlySet<string> | 'refused' {
  try {
    const observation = source.parse([evidence], { site: 'lab1', nodes: ['n1'], observedAtMs: 0 });
    canonicalJson(Observation.parse(observation));
    return new Set(
      observation.facts.flatMap(({ subject, set }) => Object.keys(set).map((name) => `${subject} ${name}`)),
    );
  } catch (error) {
    const isNamed = error instanceof BerthError && error.message.includes(`\`${evidence.file}\``);
    if (isNamed && error.detail.code === 'INVALID_INPUT') return 'refused';
    throw error;
  }
}

describe('files that are cut off', () => {
  test.each(samples)(
    '%s: read in part or refused, never more than the whole',
    (path, source, step) => {
      const { file: name, bytes } = capture(path);
      const whole = claims(source, file(name, bytes));
      let refused = 0;
      for (let end = 0; end < bytes.length; end += step) {
        const part = claims(source, file(name, bytes.subarray(0, end)));
        if (part === 'refused') refused += 1;
        const more = part === 'refused' || whole === 'refused' ? [] : [...part.difference(whole)];
        expect({ end, more }).toEqual({ end, more: [] });
      }
      expect(whole).not.toBe('refused');
      expect(refused).toBeGreaterThan(0);
    },
    60_000,
  );
});

const word = fc.constantFrom(
  '',
  '\t',
  '\n',
  'X',
  'NV99',
  'SYS',
  'GPU0',
  'GPU99',
  '[N/A]',
  '-1',
  '1e999',
  '"',
  '{',
  '}',
  '<gpu>',
  '&x;',
  '\u{202e}',
  '__proto__',
  '99999999999999999999',
);

describe('files with wrong words in them', () => {
  test.each(samples.map(([path, source]): Case => [path, source]))(
    '%s: read or refused',
    (path, source) => {
      const { file: name, bytes } = capture(path);
      const text = new TextDecoder().decode(bytes);
      const outcomes = new Set<string>();
      const edits = fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          cut: fc.integer({ min: 0, max: 12 }),
          word,
        }),
        { maxLength: 5 },
      );
      fc.assert(
        fc.property(edits, (changes) => {
          const edited = changes.reduce((before, { at, cut, word: put }) => {
            const start = Math.floor(at * before.length);
            return `${before.slice(0, start)}${put}${before.slice(start + cut)}`;
          }, text);
          outcomes.add(typeof claims(source, file(name, edited)));
        }),
        { seed: 20_261_122, numRuns: 60 },
      );
      expect(outcomes).toContain('object');
    },
    60_000,
  );
});

describe('bombs and wrong encodings', () => {
  test.each<readonly [Source, string | Uint8Array, string]>([
    [
      nvidiaSmi,
      '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nvidia_smi_log><gpu>&b;</gpu></nvidia_smi_log>',
      'not well-formed XML',
    ],
    [nvidiaSmi, `<nvidia_smi_log>${'<a>'.repeat(100_000)}`, 'more elements than a machine has'],
    [nvidiaSmi, new Uint8Array([0xff, 0xfe, 0x3c, 0]), 'is UTF-16'],
    [rocmSmi, `{"card0":${'['.repeat(100_000)}`, 'not well-formed JSON'],
    [prometheus, 'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="\u0000"} 1\n', 'is binary'],
    [prometheus, new Uint8Array([0x44, 0xe9, 0x0a]), 'is not UTF-8'],
    [prometheus, `a${'{'.repeat(100_000)}\n`, 'labels that cannot be read'],
  ])('%# is refused', (source, text, message) => {
    const error = refusal(() => source.parse([file('bomb', text)], { nodes: ['n1'], observedAtMs: 0 }));
    expect(error.message).toContain(message);
  });

  test('a matrix of a thousand columns takes no time worth naming', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `GPU${index}`);
    const rows = names.map((name, row) =>
      [name, ...names.map((_, column) => (row === column ? ' X ' : 'SYS'))].join('\t'),
    );
    const started = performance.now();
    expect(
      claims(nvidiaSmi, file('t', `\t${names.join('\t')}\tCPU Affinity\n${rows.join('\n')}\n`)),
    ).not.toBe('refused');
    expect(performance.now() - started).toBeLessThan(20_000);
  }, 60_000);
});
