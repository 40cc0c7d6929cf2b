/** Why a contact came to an agent, in words: one line for the agent, and the parts of a whole decision. */

import type { Decision, DecisionLeftOut, WhyView } from "../protocol";
import { spoken } from "./durations";

/** As many candidates as the server tells; there may have been more. */
const TOLD_CANDIDATES = 5;
/** Ranks from here on belong to agents of other queues, or came by overflow. */
const OVERFLOW_RANK = 11;

const POLICIES: Partial<Record<string, string>> = {
  "longest-idle": "longest idle",
  "least-occupied": "least occupied",
  "most-skilled": "most skilled",
  "cost-index": "best worth",
};

/** Policies of plug-ins have no words here, and are named as they are. */
export function policyText(policy: string): string {
  return POLICIES[policy] ?? policy;
}

/** `longest idle of 3; Gas tariffs 4 ≥ 2; step 1 of 2; rule 1`. */
export function whyLine(why: WhyView): string {
  const parts = [
    chosenText(why),
    ...why.skills.map((skill) => `${skill.name} ${skill.level} ≥ ${skill.needed}`),
  ];
  if (why.step > 0) parts.push(`step ${why.step} of ${why.steps}`);
  if (why.rule > 0) parts.push(`rule ${why.rule}`);
  if (why.priority !== 0) parts.push(`priority ${why.priority}`);
  return parts.join("; ");
}

function chosenText(why: WhyView): string {
  if (why.rank === 0) return "the customer talked with you last";
  if (why.candidates <= 1) return "only you could take it";
  return `${policyText(why.policy)} of ${candidatesText(why.candidates)}`;
}

function candidatesText(count: number): string {
  return count >= TOLD_CANDIDATES ? `${count} or more` : String(count);
}

/** What the policy went by: since when idle, how busy, how skilled. */
export function figureText(policy: string, figure: number, decidedAt: string): string {
  switch (policy) {
    case "longest-idle":
      return `idle for ${spoken(Math.max(0, Date.parse(decidedAt) / 1000 - figure))}`;
    case "least-occupied":
    case "cost-index":
      return `${Math.round(figure * 100)} % occupied in the last hour`;
    case "most-skilled":
      return `levels ${figure}`;
    default:
      return String(figure);
  }
}

export function rankText(rank: number): string {
  if (rank === 0) return "the agent of last time";
  return rank >= OVERFLOW_RANK ? `overflow (${rank})` : String(rank);
}

const PRESENCES: Partial<Record<string, string>> = {
  "signed-out": "signed out",
  "not-ready": "not ready",
  ready: "ready",
  offered: "was being rung",
  talking: "talking",
  "wrap-up": "in wrap-up",
  "offer-under-way": "was just being offered another contact",
  reserved: "kept for contacts of higher priority",
  behind: "could have taken it, but came after the candidates",
  queue: "does not take contacts of this queue",
};

/** Why an agent was left out; `reason` and `skill` look up names. */
export function leftOutText(
  left: DecisionLeftOut,
  reason: (id: string) => string,
  skill: (id: string) => string,
): string {
  const [kind = "", what = ""] = split(left.reason);
  if (kind === "skill") return `${skill(what)} is missing, or its level too low`;
  const text = PRESENCES[kind] ?? left.reason;
  return what === "" ? text : `${text}: ${reason(what)}`;
}

function split(reason: string): [string, string] {
  const at = reason.indexOf(":");
  return at < 0 ? [reason, ""] : [reason.slice(0, at), reason.slice(at + 1)];
}

/** `5 talking, 2 ready`, the most first. */
export function presencesText(presences: Record<string, number>): string {
  return Object.entries(presences)
    .sort(([one, many], [other, more]) => more - many || one.localeCompare(other))
    .map(([presence, count]) => `${count} ${PRESENCES[presence] ?? presence}`)
    .join(", ");
}

/** `German 5, Gas tariffs 2`, or that nothing was needed. */
export function neededText(decision: Decision, skill: (id: string) => string): string {
  const needed = Object.entries(decision.skills).map(([id, level]) => `${skill(id)} ${level}`);
  return needed.length === 0 ? "nothing" : needed.join(", ");
}
