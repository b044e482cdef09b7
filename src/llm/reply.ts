import { cleanText } from '../model/text.ts';
import { type Evidence, unverifiedMark } from './evidence.ts';

const mostLines = 60;
const mostCharacters = 4000;

/** Text of a model or for one: cleaned line by line, and no longer than can be read. */
export function cleanReply(text: string): string {
  const lines = text
    .split(/\r?\n/u)
    .map((line) => cleanText(line, mostCharacters).trimEnd())
    .slice(0, mostLines);
  const whole = lines
    .join('\n')
    .replaceAll(/\n{3,}/gu, '\n\n')
    .trim();
  return whole.length <= mostCharacters ? whole : `${whole.slice(0, mostCharacters - 1).toWellFormed()}…`;
}

/** Words of a model as the person sees them: with what nothing shows marked, and false claims of deeds answered. */
export function checkedReply(text: string, evidence: Evidence): string {
  const clean = cleanReply(text);
  const marked = evidence.marked(clean);
  return [
    marked,
    ...(marked === clean ? [] : [`${unverifiedMark}: stands in no tool result and was not said by you.`]),
    ...(claimsDeed.test(clean)
      ? ['Berth: nothing was changed in this turn. Only your own yes changes something.']
      : []),
  ].join('\n');
}

/** No deed is done while a model speaks, so every such claim is wrong, or about somebody else's deed. */
const claimsDeed =
  /\b(?:I(?:'ve| have| just)?|we(?:'ve| have)?|is now|are now|has been|have been|was|were|successfully)\s(?:\S+\s){0,3}?(?:committed|booked|reserved|released|approved|cancell?ed|drained|moved)\b/iu;

/** Lines below each other, without those that are empty. */
export function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}
