import { cleanText } from '../../model/text.ts';
import { readCsvRows } from '../csv.ts';
import { fileName, invalidFile } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { milliOf, microOf, type Offer, type OfferedGpus } from './machine.ts';

const columns = [
  'InstanceType',
  'AcceleratorName',
  'AcceleratorCount',
  'vCPUs',
  'MemoryGiB',
  'Price',
  'Region',
];
const expected = 'a SkyPilot catalogue, such as `catalogs/v8/nebius/vms.csv`';

/** Every row of a SkyPilot catalogue: one machine type in one region (skypilot-org/skypilot-catalog, `vms.csv`). */
export function readSkypilot(evidence: Evidence, text: string): readonly Offer[] {
  const rows = readCsvRows(evidence, text, {
    columns: (header: readonly string[]) => checkedHeader(evidence, text, header),
    expected,
  });
  if (rows.length === 0)
    throw invalidFile(evidence, 'has a header and no machine types', `expected: ${expected}`);
  return rows.map(({ record, line }) => offerOf(evidence, record, line));
}

function checkedHeader(evidence: Evidence, text: string, header: readonly string[]): string[] {
  const missing = columns.find((name) => !header.includes(name));
  if (missing === undefined && new Set(header).size === header.length) return [...header];
  if (!header.includes('InstanceType')) throw wrongFormat(evidence, text, 'cloud', expected);
  const what = missing === undefined ? 'a column is named twice' : `the column \`${missing}\` is missing`;
  throw invalidFile(evidence, what, `expected: ${expected}`, { line: 1 });
}

function offerOf(evidence: Evidence, record: Readonly<Record<string, string>>, line: number): Offer {
  const said = (column: string) => record[column] ?? '';
  const machine = said('InstanceType');
  if (machine === '')
    throw invalidFile(evidence, 'names no `InstanceType`', `expected: ${expected}`, { line });
  const number = (column: string) => {
    const text = said(column);
    const milli = milliOf(text);
    if (milli !== undefined || text === '') return milli;
    const shown = cleanText(text, 40);
    throw invalidFile(evidence, `\`${column}\` is \`${shown}\`, not a number`, `expected: ${expected}`, {
      line,
    });
  };
  const memoryMilliGib = number('MemoryGiB');
  return {
    machine,
    region: said('Region') === '' ? undefined : said('Region'),
    cpuMilli: positive(number('vCPUs')),
    memoryMib:
      memoryMilliGib === undefined ? undefined : positive(Math.floor((memoryMilliGib * 1024) / 1000)),
    storageGib: undefined,
    gpus: gpusOf(said('AcceleratorName'), number('AcceleratorCount') ?? 0, said('GpuInfo')),
    microUsdPerHour: priceOf(number('Price'), said('Price')),
    origin: { file: fileName(evidence), line },
    evidence,
  };
}

/** Catalogues write 0 for what they do not know. */
function positive(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

function priceOf(isNumber: number | undefined, text: string): bigint | undefined {
  return isNumber === undefined ? undefined : microOf(text);
}

/** `GpuInfo` is a dictionary as Python prints it; the sizes in it are whole numbers. */
function gpusOf(name: string, countMilli: number, info: string): OfferedGpus | undefined {
  if (name === '') return undefined;
  const size = (key: string) => {
    const digits = new RegExp(`'${key}': ?(\\d{1,9})(?:\\.0)?[,} ]`, 'u').exec(`${info} `)?.[1];
    return digits === undefined ? undefined : positive(Number(digits));
  };
  return {
    name: cleanText(name, 80),
    count: countMilli / 1000,
    memoryMib: size('SizeInMiB'),
    totalMemoryMib: size('TotalGpuMemoryInMiB'),
  };
}
