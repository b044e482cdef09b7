import { type Problem } from '../frame.ts';
import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { type FrameReading, spansOf, either, defined } from './slot.ts';

export function moneySlots(reading: Reading): FrameReading {
  const foreign = spansOf(reading, 'foreign-money').map((span) => ({
    slot: 'budget',
    text: `the budget in euros (\`${rawOf(reading.line, span)}\` is in another currency)`,
    suggestions: [],
  }));
  const totals: number[] = [];
  const days: number[] = [];
  const notes: string[] = [];
  const problems: Problem[] = [...foreign];
  for (const span of spansOf(reading, 'money')) {
    const written = rawOf(reading.line, span);
    if (span.basis === 'total') totals.push(span.eur);
    else if (span.basis === 'unclear')
      problems.push({
        slot: 'budget',
        text: `the budget per day or in total (\`${written}\`)`,
        suggestions: [],
      });
    else {
      const eurPerDay = { hour: span.eur * 24, day: span.eur, week: span.eur / 7 }[span.basis];
      days.push(eurPerDay);
      if (span.basis !== 'day') notes.push(`\`${written}\` is ${eurPerDay.toFixed(2)} EUR per day`);
    }
  }
  for (const [values, text] of [
    [totals, 'the budget in total'],
    [days, 'the budget per day'],
  ] as const)
    if (new Set(values).size > 1) problems.push(either('budget', text, values.map(String)));
  const [budgetTotalEur] = totals;
  const [budgetEurPerDay] = days;
  const frame = defined({ budgetTotalEur, budgetEurPerDay });
  return { frame: notes.length === 0 ? frame : { ...frame, notes }, problems };
}
