import type { Shown } from '../../agent/agent.ts';
import { picturesCard } from '../pictures/pictures.ts';
import { treeCard } from '../pictures/tree.ts';
import { approvalsCard } from './approvals.ts';
import { auditCard } from './audit.ts';
import { changeCard } from './change.ts';
import { consolidationCard } from './consolidation.ts';
import { contractCard } from './contract.ts';
import { contractsCard } from './contracts.ts';
import { eventsCard } from './events.ts';
import { explanationCard } from './explanation.ts';
import { type Line, paragraph, type Room } from './line.ts';
import { maintenanceCard } from './maintenance.ts';
import { nodesCard } from './nodes.ts';
import { observationsCard } from './observed.ts';
import { planCard, type PlanContext } from './plan.ts';
import { policyCard } from './policy.ts';
import { recordsCard } from './records.ts';
import { refusalCard } from './refusal.ts';
import { simulationCard } from './simulation.ts';
import { summaryCard } from './summary.ts';
import { templatesCard } from './templates.ts';
import { verificationCard } from './verification.ts';

/** Draws what an answer shows: pure, every line at most `room.columns` wide (from 20 on), every text cleaned. */
export function drawCard(shown: Shown, room: Room, context: PlanContext = {}): Line[] {
  switch (shown.kind) {
    case 'text':
      return shown.lines.flatMap((line) => paragraph(line, room));
    case 'summary':
      return summaryCard(shown.summary, room);
    case 'nodes':
      return nodesCard(shown.list, room);
    case 'records':
      return recordsCard(shown.records, room);
    case 'tree':
      return treeCard(shown.tree, room);
    case 'pictures':
      return picturesCard(shown.list, room);
    case 'plan':
      return planCard(shown.plan, room, context);
    case 'refusal':
      return refusalCard(shown.refusal, room);
    case 'explanation':
      return explanationCard(shown.explanation, room);
    case 'simulation':
      return simulationCard(shown.simulation, room);
    case 'maintenance':
      return maintenanceCard(shown.plan, room);
    case 'consolidation':
      return consolidationCard(shown.consolidation, room);
    case 'contracts':
      return contractsCard(shown.list, room);
    case 'contract':
      return contractCard(shown.detail, room);
    case 'observations':
      return observationsCard(shown.results, room);
    case 'change':
      return changeCard(shown.change, room);
    case 'verification':
      return verificationCard(shown.verification, room);
    case 'audit':
      return auditCard(shown.list, room);
    case 'events':
      return eventsCard(shown.list, room);
    case 'templates':
      return templatesCard(shown.list, room);
    case 'policy':
      return policyCard(shown.check, room);
    case 'approvals':
      return approvalsCard(shown.list, room);
    default:
      return shown satisfies never;
  }
}
