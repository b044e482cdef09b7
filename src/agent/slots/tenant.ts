import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { type FrameReading, spansOf, either } from './slot.ts';

export function tenantSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'tenant');
  const tenants = [...new Set(spans.map(({ tenant }) => tenant))];
  const guessed = spans.filter(({ exact }) => !exact);
  const notes = guessed.map((span) => `\`${rawOf(reading.line, span)}\` is read as ${span.tenant}`);
  const [tenant] = tenants;
  if (tenant === undefined) return { frame: {}, problems: [] };
  if (tenants.length > 1) return { frame: {}, problems: [either('tenant', 'which team', tenants)] };
  const [project] = spansOf(reading, 'project');
  const frame = { tenant, ...(project === undefined ? {} : { project: project.project }) };
  return { frame: notes.length === 0 ? frame : { ...frame, notes }, problems: [] };
}
