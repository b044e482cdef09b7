import type { ApprovalView } from '../model/approval-view.ts';
import type { PrincipalId } from '../model/id.ts';
import { notice } from './frame.ts';
import { type Html, markup } from './markup.ts';
import { instant, whyNotYes } from './words.ts';

export type Listed = {
  readonly approvals: readonly ApprovalView[];
  readonly total: number;
  readonly isClosed: boolean;
  /** Whether those that are over are listed too. */
  readonly all: boolean;
};

/** What waits for the reader, what waits for others, and where asked for what is over. */
export function approvalList({ approvals, total, isClosed, all }: Listed, reader: PrincipalId): Html {
  const open = approvals.filter(({ state }) => state === 'open');
  const isOwn = (approval: ApprovalView) => whyNotYes({ approval, isClosed }, reader) === undefined;
  const own = open.filter(isOwn);
  const others = open.filter((approval) => !isOwn(approval));
  const over = approvals.filter(({ state }) => state !== 'open').toReversed();
  const cut =
    approvals.length < total ? notice([`${approvals.length} of ${total} are shown.`], 'warn') : undefined;
  return markup`${cut}
    <section aria-labelledby="own">
      <h2 id="own">Waits for you</h2>
      ${cards(own, 'Nothing waits for you.')}
    </section>
    ${
      others.length === 0
        ? undefined
        : markup`<section aria-labelledby="others">
            <h2 id="others">Waits for others</h2>
            ${cards(others, '')}
          </section>`
    }
    ${
      all
        ? markup`<section aria-labelledby="over">
            <h2 id="over">Over</h2>
            ${cards(over, 'Nothing.')}
          </section>`
        : markup`<p><a href="/approvals?all">What is over, too</a></p>`
    }`;
}

function cards(approvals: readonly ApprovalView[], nothing: string): Html {
  if (approvals.length === 0) return markup`<p class="quiet">${nothing}</p>`;
  return markup`<ul class="cards">
    ${approvals.map(card)}
  </ul>`;
}

function card({ id, state, tier, summary, expires, persons, yes, ended }: ApprovalView): Html {
  const count = persons > 1 ? `, ${yes.length} of ${persons} said yes` : '';
  const when = state === 'open' ? `until ${instant(expires)}` : `${state} ${instant(ended?.at ?? expires)}`;
  return markup`<li>
    <a href="/approvals/${id}">${id}</a> ${summary}<br />
    <span class="quiet">tier ${tier}${count}, ${when}</span>
  </li>`;
}
