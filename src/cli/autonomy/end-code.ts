import type { Turn } from '../../agent/agent.ts';
import { exitCodeOf, exitCodeOfError } from '../../chat/exit-code.ts';
import type { RunEnd } from '../../model/run.ts';

/** The exit code of a run: that of its last answer where that says why, else that of its end. */
export function endCode(end: RunEnd, last?: Turn): number {
  switch (end) {
    case 'done':
      return 0;
    case 'waiting':
      return exitCodeOf({ outcome: 'pending_approval' });
    case 'not-read':
    case 'needs-input':
      return exitCodeOf({ outcome: 'needs_input' });
    case 'refused':
      return refusedCode(last);
    case 'failed':
      return last?.outcome === 'error' ? exitCodeOf(last) : exitCodeOfError('INTERNAL');
    case 'interrupted':
      return exitCodeOfError('INTERRUPTED');
    case 'steps':
    case 'time':
    case 'stopped':
    case 'mandate':
      return exitCodeOf({ outcome: 'denied' });
    default:
      return end satisfies never;
  }
}

/** An answer that waited for a person and got a no has no code of its own: it was denied. */
function refusedCode(last: Turn | undefined): number {
  const outcome = last?.outcome;
  const isSaid = outcome === 'infeasible' || outcome === 'denied' || outcome === 'stale';
  return exitCodeOf({ outcome: isSaid ? outcome : 'denied' });
}

/** What an end means, for people. */
export const endWords: Readonly<Record<RunEnd, string>> = {
  done: 'done',
  waiting: 'it waits for a person',
  refused: 'it was refused',
  'not-read': 'not all of it was read, so it was not done',
  'needs-input': 'something has to be said first',
  steps: 'its steps are used up',
  time: 'its time is over',
  stopped: 'it was stopped',
  mandate: 'its mandate does not stand any more',
  interrupted: 'it was interrupted',
  failed: 'it failed',
};
