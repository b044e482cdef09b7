import { invalidFile, readText, wholeLines } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { isCsvHeader, isHeadless } from './csv.ts';
import { hasMatrix } from './topology.ts';

/** A piece of output of one call of nvidia-smi. */
export type Part = {
  readonly kind: 'xml' | 'matrix' | 'log' | 'table' | 'list';
  readonly text: string;
  /** The line of the file on which the piece begins. */
  readonly line: number;
};

const expected =
  'XML of `nvidia-smi -q -x`, or the output of `nvidia-smi topo -m`, `-q`, `-L` or `--query-gpu=index,uuid,… --format=csv`';

/**
 * The pieces of a file that Berth reads: the whole of it, or the sections of a capture, each under a comment that
 * names its command (`# $ nvidia-smi topo -m`). `skipped` names the commands of sections that are not read.
 */
export function partsOf(evidence: Evidence): { parts: readonly Part[]; skipped: readonly string[] } {
  const text = readText(evidence);
  if (/^\s*<(?:\?xml|!DOCTYPE|nvidia_smi_log)/u.test(text))
    return { parts: [{ kind: 'xml', text, line: 1 }], skipped: [] };
  const sections = sectionsOf(wholeLines(text)).map(({ command, body, line }) => ({
    command,
    parts: partOf(body, line),
  }));
  const parts = sections.flatMap((section) => section.parts);
  if (parts.length === 0) throw unreadable(evidence, text);
  const skipped = sections.flatMap((section) =>
    section.command === undefined || section.parts.length > 0
      ? []
      : [section.command || 'the table for people'],
  );
  return { parts, skipped: text.endsWith('\n') ? skipped : [...skipped, 'the last line, which has no end'] };
}

type Section = { readonly command?: string; readonly body: string; readonly line: number };

function sectionsOf(text: string): Section[] {
  const lines = text.split(/\r?\n/u);
  const starts = lines.flatMap((line, index) => {
    const command = /^#\s*\$\s*(nvidia-smi\b.*)$/u.exec(line)?.[1];
    return command === undefined ? [] : [{ command: command.trim(), index }];
  });
  if (starts.length === 0) return [{ body: text, line: 1 }];
  return starts.map(({ command, index }, place) => {
    const end = starts[place + 1]?.index ?? lines.length;
    const body = lines.slice(index + 1, end).filter((line, at) => at > 0 || !line.startsWith('#'));
    const first = lines[index + 1]?.startsWith('#') === true ? index + 2 : index + 1;
    return {
      command: command
        .replace(/^nvidia-smi\s*/u, '')
        .split('=', 1)
        .join(),
      body: body.join('\n'),
      line: first + 1,
    };
  });
}

function partOf(body: string, line: number): Part[] {
  const lines = body.split(/\r?\n/u);
  const at = (wanted: (text: string) => boolean) => lines.findIndex(wanted);
  const piece = (kind: Part['kind'], from: number, to = lines.length): Part => ({
    kind,
    text: lines.slice(from, to).join('\n'),
    line: line + from,
  });
  const log = at((text) => /^=+NVSMI LOG=+\s*$/u.test(text));
  if (log >= 0) return [piece('log', log)];
  const table = at(isCsvHeader);
  if (table >= 0) return [piece('table', table, endOfTable(lines, table))];
  const list = at((text) => /^GPU \d+: .*\(UUID: /u.test(text));
  const isAlone = list >= 0 && !lines.some((text) => /Link \d+:/u.test(text));
  if (isAlone) return [piece('list', list)];
  return hasMatrix(body) ? [piece('matrix', 0)] : [];
}

function endOfTable(lines: readonly string[], start: number): number {
  const end = lines.findIndex((text, index) => index > start && (text.trim() === '' || text.startsWith('#')));
  return end < 0 ? lines.length : end;
}

function unreadable(evidence: Evidence, text: string) {
  if (/^\|\s*NVIDIA-SMI /mu.test(text))
    return invalidFile(
      evidence,
      'is the table that nvidia-smi prints for people: it cuts names and has no identities',
      'use `nvidia-smi -q -x > FILE` instead',
    );
  if (text.split('\n').some(isHeadless))
    return invalidFile(
      evidence,
      'has no line that names the columns',
      'leave `noheader` out: `--format=csv` or `--format=csv,nounits`',
      { line: 1 },
    );
  if (/couldn't communicate with the NVIDIA driver|No devices were found/u.test(text))
    return invalidFile(
      evidence,
      'holds an error of nvidia-smi',
      'repair the driver, then make the file again',
    );
  return wrongFormat(evidence, text, 'nvidia-smi', expected);
}
