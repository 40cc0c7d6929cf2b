/** Names for the ids in the history. An id without a name (a queue that is gone) is shown as it is. */

import type { CentreSummary, ContactLine } from "../protocol";

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

const OUTCOMES: Record<string, string> = {
  answered: "Answered",
  abandoned: "Abandoned",
  "short-abandoned": "Abandoned at once",
  "flowed-out": "Flowed out",
  "call-back": "Call-back",
  transferred: "Transferred",
  lost: "Lost",
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
  if (contact.queue_outcome !== "") return OUTCOMES[contact.queue_outcome] ?? contact.queue_outcome;
  return causeText(contact.cause);
}

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
