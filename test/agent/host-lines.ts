import { planned } from './say.ts';

/** Requests whose instants a host's own zone or locale could spoil. */
export const lines: readonly string[] = [
  '8 H100 for acme from 27 March 2027 22:00 until 28 March 2027 22:00',
  '8 H100 for acme from 30 October 2027 22:00 until 31 October 2027 22:00',
  '8 H100 for acme for 1 day from 31.10.2027 00:00',
  '8 H100 for acme for 24 hours from 28 March 2027 00:00',
  '8 H100 for acme from 28 March 2027 02:30 for 3 hours',
  '8 H100 for acme from 31 October 2027 01:30 for 2 hours',
  '1,024 H100 for acme for 3 days from next Monday, budget 12.500,00 € in total',
  '8 H100 for acme tomorrow from 9am to 6pm',
  '8 H100 for acme von Montag bis Freitag',
  '8 H100 for acme over the weekend',
];

/** What the tools are asked for, one JSON line a request. */
async function print(): Promise<void> {
  const demands = [];
  for (const line of lines) demands.push(await planned(line));
  process.stdout.write(JSON.stringify(demands));
}

if (process.argv[1] === import.meta.filename) await print();
