/** Names for the ids in the history. An id without a name (a queue that is gone) is shown as it is. */

import type { CentreSummary, Choice, ContactLine, ContactsQuery, QueueOutcome } from "../protocol";
import { FILTERS, type FilterName, type HistoryFilter } from "../state/history";

export interface Names {
  queue: (id: string | null) => string;
  agent: (id: string | null) => string;
  disposition: (id: string) => string;
  entryPoint: (id: string | null) => string;
  skill: (id: string) => string;
  reason: (id: string) => string;
}

export const EMPTY_NAMES: Names = namesOf({
  queues: [],
  agents: [],
  entry_points: [],
  skills: [],
  reasons: [],
});

type Named = Pick<CentreSummary, "queues" | "agents" | "entry_points" | "skills" | "reasons">;

export function namesOf(centre: Named): Names {
  const dispositions = centre.queues.flatMap((queue) => queue.dispositions);
  return {
    queue: lookup(centre.queues),
    agent: lookup(centre.agents),
    disposition: lookup(dispositions),
    entryPoint: lookup(centre.entry_points),
    skill: lookup(centre.skills),
    reason: lookup(centre.reasons),
  };
}

const OUTCOMES: Record<QueueOutcome, string> = {
  answered: "Answered",
  abandoned: "Abandoned",
  "short-abandoned": "Abandoned at once",
  "flowed-out": "Flowed out",
  "call-back": "Call-back",
  transferred: "Transferred",
  lost: "Lost",
};

type Channel = NonNullable<ContactsQuery["channel"]>;

const CHANNELS: Record<Channel, string> = {
  voice: "Incoming call",
  outbound: "Outgoing call",
  "call-back": "Call-back",
  voicemail: "Message",
  web: "Web page",
};

const CAUSES: Record<string, string> = {
  "caller-hung-up": "Caller hung up",
  "agent-hung-up": "Agent hung up",
  completed: "Dialog completed",
  closed: "Closed",
  "no-entry-point": "Number not in use",
  "flowed-out": "Nobody free",
  "pbx-lost": "Telephone system failed",
  "ended-unseen": "Ended while the server was down",
  failed: "Failed",
};

/** What came of the contact: the agent's disposition, else how it left the queue, else why it ended. */
export function outcomeText(contact: ContactLine, names: Names): string {
  if (contact.disposition !== "") return names.disposition(contact.disposition);
  if (contact.ended_at === null) return presentState(contact);
  if (contact.queue_outcome !== "") return outcomeName(contact.queue_outcome);
  return causeText(contact.cause);
}

function outcomeName(outcome: string): string {
  return named(OUTCOMES, outcome);
}

function named(names: Record<string, string>, id: string): string {
  return names[id] ?? id;
}

/** What can be chosen for a filter; of dispositions those of the queue that is chosen, or all. */
export function choicesOf(name: FilterName, centre: CentreSummary | null, queue: string): Choice[] {
  switch (name) {
    case "channel":
      return choices(CHANNELS);
    case "outcome":
      return choices(OUTCOMES);
    case "queue":
      return centre?.queues ?? [];
    case "agent":
      return centre?.agents ?? [];
    case "disposition":
      return dispositionsOf(centre?.queues ?? [], queue);
    default:
      return [];
  }
}

function choices(names: Record<string, string>): Choice[] {
  return Object.entries(names).map(([id, name]) => ({ id, name }));
}

function dispositionsOf(queues: CentreSummary["queues"], queue: string): Choice[] {
  const chosen = queues.filter((each) => each.id === queue);
  const all = (chosen.length > 0 ? chosen : queues).flatMap((each) => each.dispositions);
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

/** What the list is narrowed to, in words; empty where it is not. */
export function filterText(filter: HistoryFilter, names: Names): string {
  const given = FILTERS.filter((name) => filter[name] !== "");
  return given.map((name) => FILTER_TEXTS[name](filter[name], names)).join(", ");
}

const FILTER_TEXTS: Record<FilterName, (value: string, names: Names) => string> = {
  number: (value) => `number with “${value}”`,
  customer: (value) => `customer “${value}”`,
  queue: (value, names) => `queue ${names.queue(value)}`,
  agent: (value, names) => `agent ${names.agent(value)}`,
  channel: (value) => `channel “${named(CHANNELS, value)}”`,
  outcome: (value) => `outcome “${outcomeName(value)}”`,
  disposition: (value, names) => `disposition “${names.disposition(value)}”`,
  note: (value) => `note with “${value}”`,
};

function presentState(contact: ContactLine): string {
  if (contact.queue_outcome === "answered") return "In conversation";
  return contact.queue !== null && contact.queue_outcome === "" ? "Waiting" : "In progress";
}

export function causeText(cause: string): string {
  return CAUSES[cause] ?? cause;
}

function lookup(choices: readonly { id: string; name: string }[]): (id: string | null) => string {
  const names = new Map(choices.map((choice) => [choice.id, choice.name]));
  return (id) => (id === null || id === "" ? "–" : (names.get(id) ?? id));
}
