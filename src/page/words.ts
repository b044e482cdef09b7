import type { ApprovalDetail } from '../model/authority-view.ts';
import { requestersOf } from '../model/authority.ts';
import type { PrincipalId } from '../model/id.ts';

/** `5529.60 EUR`, of millionths of a euro. */
export function euros(microEur: number): string {
  const cents = Math.round(microEur / 10_000);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')} EUR`;
}

/** `2026-11-30 00:00 +01:00`, of ISO 8601 text. */
export function instant(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?/, '$1 $2 ');
}

type Approval = ApprovalDetail['approval'];

/** Why somebody cannot say yes to it now, if that is known before it is tried. */
export function whyNotYes(
  { approval, isClosed }: { readonly approval: Approval; readonly isClosed: boolean },
  reader: PrincipalId,
): string | undefined {
  const { tier, requestedBy, yes, mayDecide } = approval;
  if (tier >= 3 && requestersOf(requestedBy).includes(reader))
    return 'It was asked for in your name: another person says yes. You can take it back.';
  if (yes.some(({ by }) => by === reader)) return 'You have said yes: another person is still missing.';
  if (isClosed && !mayDecide.includes(reader))
    return `You are none of those who may say yes: ${mayDecide.join(', ') || 'nobody who is registered'}.`;
  return undefined;
}
