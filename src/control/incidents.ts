import type { State } from '../core/state.ts';
import { type FactBook, type FactSubject, instantOf, tenantOfSubject } from '../model/governance-fact.ts';
import type { TenantId } from '../model/id.ts';
import type { DutyState, IncidentRow } from '../model/record-view.ts';
import { compareText } from '../model/text.ts';
import { hourS } from '../model/unit.ts';
import { holdsOver } from '../policy/facts.ts';
import { isoIn, monthLaterMs } from './zone.ts';

/** What is known of the dates of one incident, in milliseconds. */
export type IncidentDates = {
  readonly awareMs: number;
  readonly warnedMs?: number | undefined;
  readonly notifiedMs?: number | undefined;
  readonly reportedMs?: number | undefined;
};

/** Something that is to be said to the authority: until when, since when it is said, and how that stands. */
type Duty = {
  readonly dueMs: number;
  readonly doneMs?: number | undefined;
  readonly state: DutyState;
};

type Duties = { readonly earlyWarning: Duty; readonly notification: Duty; readonly finalReport: Duty };

/**
 * Until when an incident is to be reported by NIS2 Art. 23(4): 24 hours and 72 hours after the entity became aware of it,
 * and a month after the notification; while there is none, a month after the last hour for it. Hours are hours, whatever
 * clocks do; a month ends at the same hour of the same day, or of the last day where a month is shorter.
 */
export function dutiesOf(
  { awareMs, warnedMs, notifiedMs, reportedMs }: IncidentDates,
  { nowMs, zone }: { readonly nowMs: number; readonly zone: string },
): Duties {
  const notifyMs = awareMs + 72 * hourS * 1000;
  const duty = (dueMs: number, doneMs: number | undefined): Duty => {
    return { dueMs, doneMs, state: stateOf(dueMs, doneMs, nowMs) };
  };
  return {
    earlyWarning: duty(awareMs + 24 * hourS * 1000, warnedMs),
    notification: duty(notifyMs, notifiedMs),
    finalReport: duty(monthLaterMs(notifiedMs ?? notifyMs, zone), reportedMs),
  };
}

function stateOf(dueMs: number, doneMs: number | undefined, nowMs: number): DutyState {
  if (doneMs !== undefined) return doneMs <= dueMs ? 'in-time' : 'late';
  return nowMs <= dueMs ? 'open' : 'overdue';
}

/** One row for each recorded incident of these tenants, by tenant and name. */
export function incidentRows(
  state: State,
  nowMs: number,
  isMeant: (tenant: TenantId) => boolean,
): IncidentRow[] {
  const { facts } = state.governance;
  return [...facts.keys()].toSorted(compareText).flatMap((subject) => {
    const isIncident = subject.startsWith('incident:') && facts.get(subject)?.size !== 0;
    const tenant = isIncident ? tenantOfSubject(subject) : undefined;
    return tenant === undefined || !isMeant(tenant) ? [] : [incidentRow(state, { subject, tenant }, nowMs)];
  });
}

function incidentRow(
  { governance, tenants }: State,
  { subject, tenant }: { readonly subject: FactSubject; readonly tenant: TenantId },
  nowMs: number,
): IncidentRow {
  const zone = tenants.get(tenant)?.zone ?? 'UTC';
  const at = (attribute: string) => instantOf(valueOf(governance.facts, subject, { attribute, nowMs }));
  const awareMs = at('awareAt');
  const significant = valueOf(governance.facts, subject, { attribute: 'significant', nowMs });
  const named = {
    incident: subject.slice('incident:'.length),
    entity: tenant,
    ...(typeof significant === 'boolean' ? { isSignificant: significant } : {}),
    ...(awareMs === undefined ? {} : { awareAt: isoIn(awareMs, zone) }),
  };
  const missing = [
    ...(awareMs === undefined ? [`${subject} awareAt`] : []),
    ...(typeof significant === 'boolean' ? [] : [`${subject} significant`]),
  ];
  // Nothing is due of what a person has concluded not to be significant.
  if (awareMs === undefined || significant === false) return { ...named, missing };
  const dates = {
    awareMs,
    warnedMs: at('earlyWarningAt'),
    notifiedMs: at('notifiedAt'),
    reportedMs: at('finalReportAt'),
  };
  return { ...named, ...dutyFields(dutiesOf(dates, { nowMs, zone }), zone), missing };
}

function valueOf(
  facts: FactBook,
  subject: FactSubject,
  { attribute, nowMs }: { readonly attribute: string; readonly nowMs: number },
) {
  const fact = facts.get(subject)?.get(attribute);
  return fact !== undefined && holdsOver(fact, { atMs: nowMs, untilMs: nowMs }) ? fact.value : undefined;
}

function dutyFields({ earlyWarning, notification, finalReport }: Duties, zone: string) {
  const iso = ({ doneMs }: Duty) => (doneMs === undefined ? undefined : isoIn(doneMs, zone));
  const [warned, notified, reported] = [iso(earlyWarning), iso(notification), iso(finalReport)];
  return {
    earlyWarningDue: isoIn(earlyWarning.dueMs, zone),
    ...(warned === undefined ? {} : { earlyWarningAt: warned }),
    earlyWarning: earlyWarning.state,
    notificationDue: isoIn(notification.dueMs, zone),
    ...(notified === undefined ? {} : { notifiedAt: notified }),
    notification: notification.state,
    finalReportDue: isoIn(finalReport.dueMs, zone),
    ...(reported === undefined ? {} : { finalReportAt: reported }),
    finalReport: finalReport.state,
  };
}
