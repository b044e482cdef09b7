import type { TopologyLevel } from '../../model/demand.ts';
import { matches, type Span, type Trait } from './span.ts';

const where = String.raw`(?:(?:all )?(?:in|on|within|inside|into|under|behind|of) (?:a |the )?)`;

const levels: readonly (readonly [string, TopologyLevel])[] = [
  ['(?:data ?cent(?:er|re)|site|location|region)', 'site'],
  ['hall', 'hall'],
  ['spine(?: switch)?', 'spine'],
  ['leaf(?: switch)?', 'leaf'],
  ['rack', 'rack'],
  ['(?:node|server|machine|host|box|chassis)', 'node'],
  ['(?:nvlink|nvswitch)? ?(?:island|nvlink domain|link domain)', 'island'],
];

/** `[pattern, traits]`: first the longer and more special ones; the longest match wins anyway. */
const phrases: readonly (readonly [RegExp, ...Trait[]])[] = [
  [
    /\bnv-?link(?:ed)?\b(?: (?:inside|within) (?:the |each )?nodes?)?|\bnvswitch(?:ed)?\b|\bnv link\b/gu,
    { slot: 'link', value: 'nvlink' },
  ],
  [/\bxgmi\b|\binfinity fabric\b/gu, { slot: 'link', value: 'xgmi' }],
  [
    /\b(?:gpu ?direct )?rdma\b(?: (?:network|fabric|rails?))?(?: between (?:them|(?:the )?nodes))?|\binfiniband\b|\broce(?:v2)?\b|\bgpudirect\b|\brails?(?:-optimi[sz]ed)?\b|\bib (?=fabric|network|between)|\bib\b(?: fabric| network)?/gu,
    { slot: 'rdma', value: true },
  ],
  ...levels.flatMap(([noun, value]): (readonly [RegExp, Trait])[] => [
    [
      new RegExp(
        `\\b${where}?(?:the same|same|a single|single) ${noun}s?\\b|\\b${where}(?:one|1) ${noun}\\b|\\bwithin an? ${noun}\\b`,
        'gu',
      ),
      { slot: 'together', value },
    ],
    [
      new RegExp(
        `\\b(?:(?:on|in|across|over|into|between) )?(?:different|separate|distinct|several|multiple) ${noun.replace('box', 'boxe')}e?s\\b|\\b(?:spread|distributed?|split)(?: them| it)?(?: out)? (?:across|over|between) (?:the )?${noun}s\\b`,
        'gu',
      ),
      { slot: 'apart', value },
    ],
  ]),
  [
    /\b(?:same |one )?numa(?:[- ](?:local|aligned|node|domain|alignment))*\b/gu,
    { slot: 'align', value: 'numa' },
  ],
  [
    /\b(?:(?:under |on )?(?:the )?same pcie? (?:root|switch|complex)(?: complex)?|pcie?[- ](?:local|aligned))\b/gu,
    { slot: 'align', value: 'pcie-root' },
  ],
  [
    /\b(?:dedicated|exclusive|private|bare[- ]metal|sole[- ]tenant) (?:nodes?|servers?|machines?|hosts?|boxes|box|use|access|hardware)\b|\b(?:dedicated|exclusive|bare[- ]metal|single[- ]tenant)\b(?! (?:racks?|sites?|halls?|data ?cent))|\bno (?:noisy )?neighbou?rs\b|\bnobody else on (?:the|those) nodes?\b|\bnot shared\b|\bwhole nodes?\b/gu,
    { slot: 'isolation', value: 'node' },
  ],
  [/\b(?:dedicated|exclusive|private) racks?\b/gu, { slot: 'isolation', value: 'rack' }],
  [
    /\b(?:dedicated|exclusive|private) (?:sites?|data ?cent(?:er|re)s?)\b/gu,
    { slot: 'isolation', value: 'site' },
  ],
  [/\bshared (?:nodes?|is fine|is ok(?:ay)?)\b/gu, { slot: 'isolation', value: 'shared' }],
  [
    /\b(?:pre-?empt(?:i|a)ble|spot(?: (?:instances?|capacity|gpus?))?|interruptible|best[- ]effort)\b|\b(?:can|may) be (?:preempted|interrupted)\b/gu,
    { slot: 'guarantee', value: 'preemptible' },
  ],
  [
    /\b(?:non-?|not |un)(?:pre-?empt(?:i|a)ble|interruptible)\b|\bguaranteed\b|\b(?:must not|cannot|can't|may not|never) be (?:preempted|interrupted)\b|\bno preemption\b|\buninterrupted\b/gu,
    { slot: 'guarantee', value: 'reserved' },
  ],
  [/\belastic\b/gu, { slot: 'guarantee', value: 'elastic' }],
  [
    /\b(?:at )?(?:the )?(?:cheapest|lowest (?:possible )?(?:cost|price)|least expensive|most economical|low[- ]cost)(?: (?:possible|option|offer|feasible|one|first))?\b|\bas cheap(?:ly)? as possible\b|\bcheap(?:ly)?\b|\bminimi[sz]e (?:the )?costs?\b|\bfor the least money\b/gu,
    { slot: 'objective', value: 'cheapest' },
  ],
  [
    /\b(?:asap|a\.s\.a\.p\.?|as soon as (?:possible|you can|available)|as (?:early|quickly|fast) as possible|soonest(?: possible)?|(?:at )?(?:the )?earliest (?:possible|available|slot|start|opportunity|option)(?: (?:start|slot|time|date))?|earliest|as soon as (?:there is|there's) (?:room|capacity)|whenever (?:it is )?(?:free|available) first|first available(?: slot)?)\b/gu,
    { slot: 'objective', value: 'soonest' },
  ],
  [
    /\b(?:the )?(?:fastest|highest (?:performance|throughput|bandwidth)|best (?:performance|performing)|quickest)\b/gu,
    { slot: 'objective', value: 'fastest' },
  ],
  [
    /\b(?:the )?(?:greenest|lowest (?:carbon|emissions?|co2)|low[- ]carbon|least (?:carbon|co2)|most sustainable|green(?: energy| power)?)\b/gu,
    { slot: 'objective', value: 'greenest' },
  ],
  [
    /\b(?:the )?(?:tightest|most compact|as (?:tight|close(?: together)?|compact) as possible|tightly packed|packed (?:tightly|together)|close together|co-?located|best packed)(?: (?:placement|packing|fit))?\b/gu,
    { slot: 'objective', value: 'tightest' },
  ],
  ...regimes(),
  ...(['node', 'rack', 'feed', 'site'] as const).map((value): readonly [RegExp, Trait] => {
    const noun = {
      node: '(?:node|server|machine|host)',
      rack: 'rack',
      feed: '(?:power )?feed',
      site: '(?:site|data ?cent(?:er|re))',
    }[value];
    const loss = String.raw`(?:(?:the )?(?:loss|losing|failure|outage) of )?(?:losing )?(?:any |a |an |one |1 |a single )?${noun}(?: (?:failure|loss|outage|going down|failing|dying))?`;
    return [
      new RegExp(
        `\\b(?:(?:must |should |to |can |has to |that )?(?:surviv(?:es?|ing)|tolerat(?:es?|ing)|withstand(?:s|ing)?|keeps? running (?:through|despite|if|even if)|stays? up if|resilient to|(?:fault[- ])?tolerant to|robust against)) ${loss}(?: (?:fails|dies|is lost|goes down))?\\b`,
        'gu',
      ),
      { slot: 'survive', value },
    ];
  }),
  [
    /\b(?:until further notice|open[- ]ended(?:ly)?|indefinitely|for ever|forever|no end date|without (?:an )?end(?: date)?|permanently|for an indefinite time)\b/gu,
    { slot: 'open-end', value: true },
  ],
  [
    /\bany(?: kind of| type of| sort of)? (?:gpus?|cards?|accelerators?)(?: models?| types?)?\b|\bany (?:gpu )?(?:models?|type)\b|\bwhatever (?:gpus?|cards?|models?)\b|\bmodel (?:does not|doesn't) matter\b/gu,
    { slot: 'any-model', value: true },
  ],
  [
    /\b(?:anywhere|any (?:site|location|place|data ?cent(?:er|re))|wherever|(?:site|location|place) (?:does not|doesn't) matter)\b(?! (?:but|except|other))/gu,
    { slot: 'any-place', value: true },
  ],
  [
    /\b(?:if (?:at all )?possible|preferably|preferred|ideally|if you can|nice to have|where possible)\b/gu,
    { slot: 'preference', value: true },
  ],
  [
    /\b(?:(?:a|an|the|our|my|this|that) )?(?:[a-z]+-?\d*(?:\.\d)?[- ])?(?:\d{1,2}x)?\d{1,4}(?:\.\d)?b\b(?:[- ](?:params?|parameters?|models?|llms?|checkpoints?|instruct|chat|dense|moe))*(?: (?:fine-?tun(?:e|es|ing)|finetun(?:e|ing)|(?:pre-?)?training|inference|serving))?/gu,
    { slot: 'purpose', value: true },
  ],
  [
    /\b(?:(?:for|to run|to do|running|run) )?(?:(?:a|an|my|our|the|some|their) )?(?:(?:llm|model|big|large|small|quick|distributed|nightly|batch|jupyter|interactive|production|new) )*(?:fine-?tun(?:e|es|ing)|finetun(?:e|ing)|(?:pre-?)?training|inference|serving|notebooks?|benchmark(?:s|ing)?|experiments?|evals?|evaluations?|hyperparameter search|rendering)(?: (?:job|run|runs|jobs|workload|service|server|cluster|campaign|session))?\b|\bfor (?:a|an|my|our|the|their) (?:(?:llm|batch|big|new|nightly|small) )*(?:job|run|workload|team meeting|project|demo)\b/gu,
    { slot: 'purpose', value: true },
  ],
];

/** Words and phrases with one fixed meaning: links, topology, isolation, guarantee, objective, regimes, survival. */
export function readTraits(text: string): readonly Span[] {
  return phrases.flatMap(([pattern, ...traits]) =>
    matches(text, pattern)
      .filter(
        ({ from }) => !/[a-z0-9]-$/u.test(text.slice(0, from)) || /non-$|pre-$/u.test(text.slice(0, from)),
      )
      .flatMap(({ from, to }) => traits.map((trait) => ({ from, to, kind: 'trait' as const, trait }))),
  );
}

function regimes(): readonly (readonly [RegExp, Trait])[] {
  return [
    [around('gdpr'), { slot: 'regime', value: 'gdpr' }],
    [around('dora'), { slot: 'regime', value: 'dora' }],
    [around('(?:eu )?ai[- ]act'), { slot: 'regime', value: 'ai-act' }],
    [around('nis[- ]?2'), { slot: 'regime', value: 'nis2' }],
    [around('hipaa'), { slot: 'regime', value: 'hipaa' }],
    [around('pci(?:[- ]dss)(?:[- ]4)?'), { slot: 'regime', value: 'pci' }],
    [around('(?:bsi )?c5'), { slot: 'regime', value: 'c5' }],
    [around('secnumcloud'), { slot: 'regime', value: 'secnumcloud' }],
    [around('export[- ]control(?:led|s)?|itar'), { slot: 'regime', value: 'export-control' }],
  ];
}

function around(word: string): RegExp {
  return new RegExp(
    `\\b(?:(?:under|per|subject to|falls under|in scope of|for|with|follow(?:ing|s)?|respecting|in line with|according to) (?:the )?)?(?:${word})(?:[- ](?:compliant|compliance|conform(?:ant)?|rules|scope|regulated|safe|data))?(?! ?e\\b)\\b`,
    'gu',
  );
}
