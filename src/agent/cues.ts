export type Intent =
  | 'greeting'
  | 'help'
  | 'summary'
  | 'list'
  | 'capacity'
  | 'records'
  | 'power'
  | 'plan'
  | 'explain'
  | 'fits'
  | 'what-if'
  | 'drain'
  | 'contracts'
  | 'contract'
  | 'release'
  | 'commit'
  | 'verify'
  | 'fraction'
  | 'swap'
  | 'resize'
  | 'hold'
  | 'close'
  | 'consolidate'
  | 'audit'
  | 'replay'
  | 'approvals'
  | 'policy'
  | 'templates'
  | 'override'
  | 'mandate'
  | 'erase'
  | 'kept';

/** What speaks for an intent, and with a negative weight against it. Patterns are global, on folded English text. */
export type Cue = readonly [intent: Intent, weight: number, pattern: RegExp];

const regimeWord = String.raw`(?:gdpr|dora|hipaa|nis[- ]?2|ai[- ]act|pci|c5|secnumcloud|export[- ]control\w*)`;
/** What people call a rule when they want it out of the way. */
export const ruleWord = String.raw`(?:${regimeWord}|polic(?:y|ies)|compliance|rules?|regulations?|residency|sovereignty|restrictions?|quotas?|approvals?|guard ?rails?|checks?)`;
/** Roundabout ways to want a rule out of the way: before its name, behind it, around it. */
const wantsAway = [
  String.raw`\b(?:never mind|look(?:ing)? (?:the other way|away)|relax\w*|loosen\w*|sidestep\w*|evad\w*|dodg\w*|overlook\w*|act(?:ing)? as if|make believe|even (?:though|if)|(?:make|grant|give|need|want)\w*(?: (?:me|us))? an? (?:exception|exemption|waiver))\b[^.;?]{0,40}?\b${ruleWord}\b`,
  String.raw`\b${ruleWord}\b[^.;?]{0,20}?\b(?:(?:does|do|should|shall|must) not matter|(?:doesn't|don't|shouldn't) matter|be damned|out of the way)\b`,
  String.raw`\b${regimeWord}\b[^.;?]{0,60}?\banyway\b`,
  String.raw`\b(?:set|put|leave|lay)\w*\b[^.;?]{0,30}?\b${ruleWord}\b[^.;?]{0,10}?\baside\b`,
].join('|');
const fails = String.raw`(?:fails?|failed|dies|die|goes? (?:down|dark|away|offline|out)|went (?:down|dark)|burns?(?: down)?|is (?:lost|down|gone|offline)|are (?:lost|down|gone)|breaks?|loses? power|crash(?:es)?|floods?|catch(?:es)? fire|disappears?|drops? out|blows? up|dropped)`;

export const cues: readonly Cue[] = [
  ['templates', 20, /\btemplates?\b/gu],
  [
    'hold',
    12,
    /\bhold (?:(?:(?:this|that|the) )?(?:plan|offer|placement)(?!-)|it|this|that)\b|\bhold plan-[0-9a-f]+\b/gu,
  ],
  [
    'close',
    14,
    /\b(?:close|block|lock|open|shut)\b[^.;?]{0,60}\bmaintenance\b|\b(?:show|list|which|what|cancel|schedule|book) (?:the |a |an )?maintenance windows?\b/gu,
  ],
  ['consolidate', 12, /\b(?:consolidat\w*|de-?frag\w*)\b/gu],
  [
    'consolidate',
    12,
    /\b(?:free up|make room|clear (?:out )?space|make space)\b(?=[^.;?]*\b(?:gpus?|cards?|nodes?|for)\b)(?![^.;?]*\bc-\d)/gu,
  ],
  ['drain', 6, /\b(?:reboot|restart|repair|patch|re-?image|power off|switch off|shut down|turn off)\b/gu],
  [
    'list',
    5,
    /^\W*(?:(?:free|idle|empty|healthy|unhealthy|cordoned|all|any) )*(?:nodes?|servers?|machines?|hosts?|boxes)\b/gu,
  ],
  [
    'list',
    8,
    /^\W*(?:is|are|do|does|have|has|any)\b[^.;?]{0,30}\b(?:nodes?|servers?|machines?|hosts?|boxes|everything|all)\b[^.;?]{0,20}\b(?:healthy|unhealthy|degraded|broken|sick|faulty|down|unwell|ill|failed|ok|okay|fine|well|working|up)\b/gu,
  ],
  ['list', 9, /\bhow many (?:\w+ ){0,2}(?:nodes|servers|machines|hosts|boxes)\b/gu],
  ['capacity', 8, /\bwhat (?:gpus?|cards?|hardware) (?:can|could|may) (?:i|we) (?:get|have|use)\b/gu],
  [
    'contracts',
    9,
    /\bhow (?:many|much)\b[^.;?]*\b(?:does|do|is|are|has)\b[^.;?]*\b(?:us(?:e|es|ing)|hold(?:s|ing)?|occup\w+|reserved|booked)\b/gu,
  ],
  ['what-if', 3, new RegExp(`\\b${fails}\\b`, 'gu')],
  [
    'what-if',
    5,
    /\blet's say\b|\b(?:if|when) (?:i|we|someone|you) (?:pull|unplug|remove|take|switch off|turn off|shut down|power off|pulled|unplugged|removed)\b|\bwould (?:move|be moved|have to move|be affected|be hit)\b/gu,
  ],
  [
    'contracts',
    6,
    /\b(?:someone|anyone|anybody|somebody|who) (?:else )?(?:is )?(?:using|running|sitting|working)\b/gu,
  ],
  [
    'resize',
    14,
    /^(?!\W*(?:which|what|who|when|how|why|where|did|was|were|has|have|is|are|list|show)\b)[^.;?]*?(?:\b(?:extend|prolong|renew|lengthen|shorten|shrink|resize|grow|move|migrate|relocate)\b[^.;?]{0,20}\b(?:contract|reservation|booking|lease|contracts|reservations|bookings|leases)\b|\bmake\b[^.;?]{0,20}\b(?:contract|reservation|booking|lease)\b[^.;?]*\b(?:longer|shorter|bigger|smaller|larger)\b)/gu,
  ],
  ['release', 4, /\b(?:release|give back|hand back|terminate)\b/gu],
  [
    'policy',
    9,
    new RegExp(
      `\\b(?:is|are|may|would|where (?:is|are|may|can|could)|which (?:sites?|places?|countries) (?:is|are|may|can|allow))\\b[^.;?]*\\b(?:allowed|permitted|legal(?:ly)?|lawful|compliant|(?:data|train(?:ing)?|fine-?tun(?:e|ing)|records)\\b[^.;?]*\\b(?:be|go|stay|run|live|leave))\\b|\\bmay\\b[^.;?]*\\b(?:data|train|fine-?tune|process|store|leave)\\b|\\b(?:which|what)(?: are| is|'s)?(?: the)? (?:rules?|laws?|polic(?:y|ies)|articles?|regulations?)\\b|\\b(?:rules|laws|policies|regulations) (?:for|of|on|at|that apply)\\b|\\b(?:policy|compliance|rules?) check\\b|\\bcheck (?:the )?(?:rules|policy|policies|compliance)\\b|\\bcompliant sites?\\b|\\ballowed (?:at|in|to)\\b|\\b(?:compl(?:y|ies|iant|iance) with|under) ${regimeWord}\\b[^.;?]*\\?`,
      'gu',
    ),
  ],
  ['policy', -9, /\bwhat if\b|\bwhy\b|\bignore\b/gu],
  [
    'override',
    12,
    new RegExp(
      `\\b(?:ignor\\w*|bypass\\w*|skip\\w*|overrid\\w*|overrul\\w*|circumvent\\w*|waiv\\w*|disregard\\w*|disabl\\w*|(?:turn|switch)(?:ing)? off|forget(?: about)?|(?:get|work|go) around|exempt\\w*|suspend\\w*|drop(?:ping)?|do not (?:apply|check|enforce)|don't (?:apply|check|enforce|bother with|worry about|care about)|regardless of|despite|no matter(?: what)?|pretend)\\b[^.;?]{0,40}?\\b${ruleWord}\\b|\\bwithout (?:any |the )?(?:approvals?|policy|compliance|${regimeWord})\\b`,
      'gu',
    ),
  ],
  ['override', 12, new RegExp(wantsAway, 'gu')],
  [
    'erase',
    12,
    /\b(?:eras\w*|delet\w*|wip(?:e|ing)|purg\w*|rewrit\w*|edit|alter|tamper with|falsif\w*|forge|remov\w*|truncat\w*|clean up)\b[^.;?]{0,30}\b(?:ledger|audit|log|logs|history|entries|entry|trail|evidence|record of)\b/gu,
  ],
  [
    'help',
    6,
    /^\W*(?:help|\?+|commands|what can you do|what do you do|how do (?:i|you) (?:use|work)|how does this work|what can i (?:ask|say|do)|who are you|what are you|usage|examples?)\b.*$/gu,
  ],
  [
    'greeting',
    3,
    /^\W*(?:hi|hello|hey|good (?:morning|evening|afternoon|day)|moin|servus|hallo|bonjour|thanks?(?: you)?|thank you|cheers|merci|danke)\b/gu,
  ],
  [
    'verify',
    6,
    /\b(?:verif\w*|validat\w*|check|prove|audit|inspect)\b[^.;?]{0,30}\b(?:ledger|chain|books?|entries|hash(?:es)?|records?|signatures?)\b|\b(?:ledger|chain|books?)\b[^.;?]{0,30}\b(?:intact|ok|okay|consistent|valid|healthy|tampered|corrupt\w*|sound|fine|trust\w*|complete|broken|true|verif\w*|manipulated)\b|\btamper\w*\b|\b(?:has|did|was) (?:any(?:body|one)|someone|something)\b[^.;?]{0,30}\bledger\b/gu,
  ],
  [
    'verify',
    6,
    /\b(?:log|logs|audit trail|records?)\b[^.;?]{0,30}\b(?:intact|consistent|tampered|genuine|untouched|sound|complete|corrupt\w*)\b/gu,
  ],
  [
    'verify',
    9,
    /\b(?:prove|proof|verify|validate)\b[^.;?]*\b(?:recorded|genuine|authentic|granted|in the (?:ledger|log|books?))\b/gu,
  ],
  ['verify', 3, /\bledger\b|\bintegrity\b/gu],
  [
    'replay',
    8,
    /\b(?:replay|re-run the ledger|time travel|rewind)\b|\bwould\b[^.;?]*\bhave been (?:placed|planned|granted|decided)\b|\bplaced the same way\b/gu,
  ],
  [
    'audit',
    9,
    /^\W*who (?:did|has done)\b|\b(?:what|which|everything|anything|all)\b[^.;?]{0,30}\b(?:written|recorded|appended|logged|entered|happened)\b|\b(?:entries|events) (?:of|from|in|since|by|about)\b|\bwho (?:gave|said|granted|put|signed)\b[^.;?]{0,30}\b(?:ok|okay|yes|approval|go-ahead|consent|off|signature|permission)\b/gu,
  ],
  [
    'audit',
    7,
    /\bwho (?:has |had |have )?(?:approved|authori[sz]ed|changed|released|committed|requested|booked|granted|signed|allowed|created|cancelled)\b|\baudit (?:trail|log|report)\b|\b(?:everything|anything|all|what)\b[^.;?]{0,40}\b(?:did|has done|have done|was doing|changed)\b|\bactivity\b|\bhistory of\b|\bwhat (?:did|has)\b[^.;?]{0,30}\b(?:do|done|change)\b|\bapproved (?:it|by|that|them)\b/gu,
  ],
  [
    'approvals',
    9,
    /\b(?:anything|something|what|who|nothing|everything|requests?|plans?)\b[^.;?]{0,20}\b(?:wait(?:s|ing)?|pending|open|left|due)\b[^.;?]{0,12}\b(?:for|on|to) (?:my|me|our|us|your|an?|somebody'?s?|someone'?s?|approve|sign|decide)\b(?: (?:approval|approvals|yes|ok|okay|signature|decision|consent))?|\b(?:do|must|should|can) i (?:have to |need to |still )?(?:approve|sign off|decide)\b/gu,
  ],
  [
    'approvals',
    7,
    /\b(?:pending|open|waiting) (?:approvals?|requests?)\b|\bapprovals? (?:queue|list|are|do)\b|\bwhat (?:needs|waits for|is waiting for) (?:my |an? )?(?:approval|person|yes)\b|\bwait(?:s|ing)? for (?:a person|somebody|my yes)\b|\bmandates?\b|\b(?:approve|reject) (?:a-\d+|approval|request|(?:your|my|our|this|that|the|its) (?:own )?(?:plan|request))\b/gu,
  ],
  [
    'power',
    9,
    /\b(?:power|watts?|kw|kilowatts?|cooling|electric\w*) (?:headroom|budget|capacity|left|draw|limit|is|do|does|reserve\w*|usage|use)?|\bheadroom\b|\brack units?\b/gu,
  ],
  ['power', -5, /\bpower feed\b|\blow[- ]power\b|\bgreen power\b|\bloses? power\b/gu],
  [
    'what-if',
    7,
    /\bwhat (?:if|about if)\b|\bwhat (?:happens?|would happen|will happen|breaks|would break)\b|\b(?:suppose|imagine|assume|assuming|simulat\w*|say we lose)\b|\bblast radius\b/gu,
  ],
  ['what-if', 6, new RegExp(`\\b(?:if|when|should|once)\\b[^.;?]*\\b${fails}\\b`, 'gu')],
  [
    'what-if',
    5,
    /\b(?:if|when|were|should)\b[^.;?]*\b(?:lose|lost|losing)\b|\b(?:can|could|would|do) (?:we|you|they) (?:survive|cope|live|manage|afford)\b[^.;?]*\b(?:los\w+|without|failure|outage|down)\b/gu,
  ],
  [
    'what-if',
    4,
    /\b(?:impact|effects?|consequences?)\b[^.;?]*\b(?:los\w+|outage|failure|down)\b|\bwho (?:is|are|would be|gets|will be)\b[^.;?]*\b(?:affected|hit|hurt)\b|\b(?:loss|outage|failure) of\b|\b(?:lose|losing)\b/gu,
  ],
  [
    'drain',
    8,
    /\b(?:get|make|have|need)\b[^.;?]{0,30}\b(?:empty|emptied|vacant|cleared)\b|\bhow (?:can|could|do|would) (?:we|i|you) (?:empty|clear|vacate|free)\b/gu,
  ],
  ['drain', 7, /\b(?:drain(?:ing)?|cordon(?:ing)?|evacuat\w*|vacat\w*|decommission\w*)\b/gu],
  [
    'drain',
    6,
    /\b(?:maintenance|service|repairs?|reboot\w*|patch(?:ing)?|upgrad\w*|firmware)\b[^.;?]{0,25}\b(?:on|for|of|window)\b|\b(?:take|taking|pull|pulling|put|bring)\b[^.;?]{0,60}\b(?:out of (?:service|rotation)|offline|into maintenance|in maintenance|for maintenance|down)\b|\b(?:empty|clear|free up) (?:out )?(?:the )?(?:node|rack|host|server|site)\b/gu,
  ],
  [
    'explain',
    7,
    /\bwhy\b|\bhow come\b|\bwhat(?:'s| is| was)? (?:stopping|blocking|preventing|keeping|limiting|holding|the (?:problem|reason|bottleneck|blocker|hold[- ]?up))\b|\bwhat (?:stops|blocks|prevents|keeps|limits)\b/gu,
  ],
  [
    'explain',
    0.5,
    /\b(?:can't|cannot|can not|couldn't|won't|isn't|doesn't|no (?:room|capacity|space)|not (?:enough|get|have|possible|fit|chosen|used|picked|available|in|on)?)(?= |$)/gu,
  ],
  [
    'mandate',
    20,
    /\b(?:giv\w*|grant\w*|issu\w*|rais\w*|widen\w*|extend\w*|increas\w*|enlarg\w*|expand\w*|lift\w*|create|assign|set|chang\w*|lower|reduc\w*|narrow|remove|revok\w*|withdraw|cancel|need|want)\b[^.;?]{0,40}\bmandates?\b/gu,
  ],
  ['mandate', -20, /^\W*(?:who|when|did|has|was|which|what|why|how many)\b/gu],
  ['fits', 6, /^\W*where (?:can|could|may)\b[^.;?]*\b(?:run|place|put|train)\b/gu],
  [
    'kept',
    14,
    /\b(?:contracts?|promises?|terms|slas?|slos?|guarantees?|reservations?)\b[^.;?]{0,30}\b(?:kept|breach\w*|violat\w*|honou?red|fulfilled|met)\b|\b(?:breach(?:es|ed|ing)?|violat(?:ed|ions?|ing))\b[^.;?]{0,30}\b(?:contracts?|promises?|terms|slas?|slos?|guarantees?|reservations?)\b|\b(?:any|what|which|list|show)\b[^.;?]{0,20}\b(?:breach(?:es|ed)?)\b/gu,
  ],
  ['contracts', 6, /\bwhat (?:runs|sits)\b/gu],
  [
    'contracts',
    9,
    /\b(?:which|what|what(?:'s| is) the|whose) (?:\w+ ){0,2}(?:contract|reservation|booking|lease)\b(?= (?:of|in|at|for|ends?|is|runs?|expires?|finishes|costs?|has|holds|will|that|which|with|stops)\b|\W*$)/gu,
  ],
  [
    'explain',
    5,
    /\b(?:anything|something|anywhere|options?|sites?) (?:cheaper|sooner|faster|greener|better|else)\b|\balternatives?\b|\bother options\b/gu,
  ],
  ['explain', 5, /\bexplain\b|\breasons?\b|\bbottleneck\b|\bjustify\b/gu],
  [
    'fits',
    6,
    /\bis there (?:any |enough |still )?(?:room|space|capacity)\b|\b(?:do|does|could|can|would|will) (?:we|it|that|this|they|those|you|i)(?: all| still| possibly)? (?:fit|have (?:room|space|capacity)|squeeze|accommodate|host)\b|\bwould\b[^.;?]*\bfit\b|\bis it possible\b|\benough (?:room|space|capacity) for\b/gu,
  ],
  [
    'fits',
    9,
    /\b(?:any|what|which|is there an?|find (?:me |us )?an?) (?:time|slot|window|gap|moment|stretch|opening)\b[^.;?]{0,60}\b(?:when|where|in which|during which|for|with|that (?:has|holds|fits))\b/gu,
  ],
  [
    'fits',
    6,
    /^\W*(?:when|how soon|how early)\b[^.;?]*\b(?:get|have|free|available|possible|room|start|fit)\b/gu,
  ],
  [
    'fits',
    9,
    /\bhow (?:long|soon|many (?:hours|days|weeks))\b[^.;?]{0,30}\b(?:wait(?:ing)?|until|till|before)\b(?=[^.;?]*\b(?:for|have|get|are|is|free)\b)/gu,
  ],
  [
    'summary',
    7,
    /\bwhat (?:do|have) we (?:have|got)\b(?![^.;?]*\b(?:free|available|left|spare)\b)|\b(?:show|list|describe|summari[sz]e|give|display|print|see)\b[^.;?]{0,20}\b(?:fleet|inventory|estate|overview|summary|sites|tenants|teams|customers)\b|\b(?:fleet|inventory|capacity) (?:overview|summary|status|report)\b|\boverview\b|\bstate of the (?:fleet|union)\b|^\W*(?:fleet|inventory|summary|status|sites|tenants)\W*$/gu,
  ],
  [
    'summary',
    5,
    /\b(?:which|what|how many) (?:sites|tenants|teams|customers|locations|data ?cent(?:er|re)s|models|gpu models|gpu types|kinds? of gpus?|racks?)\b|\bwhat (?:gpus|hardware|kit|cards)\b|\bhow big is\b|\bwhat(?:'s| is) in (?:the|our) (?:fleet|inventory)\b/gu,
  ],
  [
    'list',
    6,
    /\b(?:which|what|list|show|find|display|print|name|get|see|give)\b[^.;?]{0,40}\b(?:nodes?|servers?|machines?|hosts?|boxes)\b|\bnodes? (?:with|that|which|in|at|having)\b/gu,
  ],
  [
    'list',
    4,
    /\bwhere (?:are|is|do|can)\b|\b(?:cordoned|unhealthy|degraded|unschedulable|broken|down) (?:nodes?|servers?|machines?|hosts?)\b|\blabels\b/gu,
  ],
  ['list', 3, /\b(?:list|show|find|display)\b|\bnodes?\b\W*$/gu],
  ['capacity', 7, /\bhow (?:many|much)\b(?![^.;?]*\b(?:cost|pay|price)\b)/gu],
  [
    'capacity',
    5,
    /\b(?:any|anything|are there|is there|do we have|have we got|what(?:'s| is| are)?|which|who has|got any)\b[^.;?]*\b(?:free|available|idle|left|spare|unused|availability)\b/gu,
  ],
  [
    'capacity',
    3,
    /^\W*(?:anything |something |what(?:'s| is) )?(?:free|available|idle|spare)\b|\bavailability\b|\b(?:free|idle|spare|unused) (?:capacity|gpus?|cards?)\b|\butili[sz]ation\b|\bhow (?:busy|full|loaded|utili[sz]ed|empty)\b/gu,
  ],
  [
    'contracts',
    6,
    /\b(?:contracts|reservations|bookings|leases|allocations)\b|\bwho(?:'s| is| are| has| uses?| holds?| owns?| runs?| sits?| occup\w+)\b[^.;?]{0,30}\b(?:using|running|on|in|using|holding|occupying|renting|has|have)\b|\bwho (?:uses|holds|owns|occupies|rents|has|got|is on|is in|sits|(?:is |will be )?pay(?:s|ing)?)\b|\bwhat(?:'s| is| are)?\b[^.;?]{0,30}\b(?:running|booked|reserved|allocated)\b/gu,
  ],
  [
    'plan',
    3,
    /\b(?:need|needs|want|wants|require|requires|request|book|reserve|allocate|provision|schedule|plan|place|put|deploy|give|get|grab|hold|set aside|spin up|train|launch|assign|rent|claim|secure|lease|order|find|arrange|sort out|hook|looking for|would like|i'd like|we'd like|could use|can (?:i|we) have|let (?:me|us) have|run|host|plan for|help me get)\b/gu,
  ],
  [
    'plan',
    5,
    /\b(?:quote|price|cost|costs)\b[^.;?]*\b(?:of|for|to|be)\b|\bhow much (?:would|does|do|will|is|are)\b[^.;?]*\b(?:cost|pay|be)\b|\bhow much (?:is|are|for)\b/gu,
  ],
  [
    'plan',
    -4,
    /^\W*(?:which|what|why|who|where|when|how soon|how early|list|show|display|how many|does|is|are|do we)\b|\bhow many\b|\bwhy\b|\bwhat if\b/gu,
  ],
  ['commit', 6, /\b(?:commit|confirm|approve|accept|execute)\b/gu],
];

/** Words that go with a contract's id. */
export const contractCues: readonly Cue[] = [
  [
    'release',
    9,
    /\b(?:releas\w*|terminat\w*|(?:give|hand) (?:back|up)|free(?: up)?|tear (?:it )?down|shut (?:it )?down|stop|end|kill|cancel|return|delete|drop|close|let go(?: of)?|get rid of|remove)\b/gu,
  ],
  ['release', -8, /\b(?:when|does|why|what|who|how)\b[^.;?]*\b(?:end|ends|stop|close)\b/gu],
  [
    'release',
    -14,
    /^\W*(?:did|does|has|have|was|were|is|are|should|shall|must|why|when|who|which)\b|\b(?:was|were|been|got)\b[^.;?]*\b(?:released|ended|cancelled|stopped|closed)\b|\b(?:the|at|from|until|till|by|before|after) end of\b/gu,
  ],
  [
    'contract',
    2,
    /^\W*(?:did|has|have|was|were|is|are|should|shall|must)\b|\b(?:was|were|got)\b[^.;?]*\b(?:released|ended|cancelled|stopped|closed)\b/gu,
  ],
  [
    'resize',
    9,
    /\b(?:scal(?:e|ing)|resiz\w*|extend\w*|prolong\w*|renew\w*|grow\w*|shrink\w*|increas\w*|decreas\w*|reduc\w*|add|adding|upgrade|bump|expand\w*|shorten\w*|lengthen\w*|doubl\w*|halv\w*|chang\w*|modif\w*|adjust|keep|mov(?:e|ing)|migrat\w*|relocat\w*|rebalance|bigger|smaller|larger|longer|shorter)\b|\b(?:push|postpone|delay|bring|pull|set)\b[^.;?]{0,20}\bend\b|\b(?:take|give)\b[^.;?]*\b(?:more|fewer|less|away|additional|extra|back)\b/gu,
  ],
  ['resize', -8, /^\W*(?:did|was|were|has|have|when|why|who)\b/gu],
  ['swap', 10, /\b(?:swap|replac\w*|exchang\w*|substitut\w*|trade|switch)\b/gu],
  [
    'contract',
    4,
    /\b(?:show|status|details?|when|what|tell|describe|how|who|where|cost|about|open|look|inspect|display|which)\b/gu,
  ],
];
