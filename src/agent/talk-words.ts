const yesToAny = String.raw`yes|yep|yeah|yup|ya|ja|jawohl|oui|si|ok|okay|sure|do it|mach es|go|go ahead|go for it|confirm|confirmed|(?:i|we) (?:confirm|agree|accept|approve)|looks good|sounds good|that's fine|it's fine|fine|perfect|great|good|make it so|proceed|please|please do|do that|do so|agreed|right|correct|absolutely|definitely|of course|thanks|then|now|it|that|let's go|let's do it|let's do that|yes please|all right|alright|just|and|(?:to|for) (?:me|us)`;
const yesToPlan = String.raw`commit|commit it|commit that|commit this|approve|approved|approve it|accept|accept it|ship it|lgtm|book it|reserve it|take it|sign it|the plan|this plan|that plan`;
const yesToRelease = String.raw`release it|release that|release this`;

const no = String.raw`(?:no|nope|nah|nein|non|cancel|cancel it|cancel that|never ?mind|forget it|forget that|drop it|drop that|drop the plan|discard|discard it|reject|reject it|decline|abort|stop|stop it|leave it|don't|do not|don't do it|do not do it|(?:don't|do not|never) (?:commit|book|reserve|release)(?: (?:it|that|this|anything))?|rather not|no thanks|no thank you|thanks|not now|(?:ok|okay|then|please)|the plan|scrap it|scrap that)`;

const between = String.raw`[\s,.!;:'"-]*`;
const only = (words: string) => new RegExp(`^${between}(?:(?:${words})${between})+$`, 'u');

const affirmations = {
  plan: only(`${yesToAny}|${yesToPlan}`),
  release: only(`${yesToAny}|${yesToRelease}`),
  any: only(`${yesToAny}|${yesToPlan}`),
} as const;
const polite = only(
  'thanks|please|great|good|perfect|right|now|then|it|that|and|just|fine|(?:to|for) (?:me|us)|the plan|this plan|that plan',
);
const refusal = only(no);
const refusalWord =
  /\b(?:no|nope|nah|nein|non|cancel|never ?mind|forget|drop|discard|reject|decline|abort|stop|don't|do not|never|leave|rather not|not now|scrap)\b/u;

/**
 * A line that says yes and nothing else: `ok do it`. A yes to one act is none to another: `book it` releases
 * nothing and `release it` books nothing.
 */
export function isAffirmation(text: string, act: keyof typeof affirmations): boolean {
  return affirmations[act].test(text) && !polite.test(text);
}

/** A line that says no and nothing else. */
export function isRefusal(text: string): boolean {
  return refusal.test(text) && refusalWord.test(text);
}

/** `same again`, `once more`: the request before, perhaps with changes. */
export const repeatWords =
  /^\W*(?:(?:ok|okay|now|and|then|please|great|thanks)[ ,]+)*(?:(?:do |book |give me |and )?(?:the )?same(?: (?:thing|request|plan|one|order))?(?: (?:once )?(?:again|more))?|once (?:more|again)|again|(?:one more|another(?: one)?)(?: (?:like|of) (?:that|this|it|those))|one more time|repeat (?:it|that|this))\b/gu;

/** Words that speak of a request already made: `same but 24`, `make it two weeks`, `in Amsterdam instead`. */
export function isAmendment(text: string): boolean {
  return /\b(?:make (?:it|that|them)|change|same|instead|move (?:it|that|them)|switch|rather|actually|what about|how about|push (?:it|that)|shorten|extend|longer|shorter|increase|reduce|double|halve|but|drop|set (?:it|that)|keep (?:it|that)|let it|start (?:it|that)|it (?:should|must|has to|needs to)|also|leave (?:it|that|this)|ignore (?:it|that|this)|then (?:use|take|with))\b|^\W*(?:and|or|then|no,?|ok,?|sorry,?)\s/u.test(
    text,
  );
}
