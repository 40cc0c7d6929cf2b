/** The supervisor's monitor: a whole view, then rows that changed, put together again. Derives nothing but order. */

import type { AgentRow, CallRow, MonitorView, QueueRow, SupervisionRow, WaitingRow } from "../protocol";
import { changedLink, initialLink, type LinkState } from "./link";

export type Section = "queues" | "agents" | "waiting" | "calls";

export interface MonitorState {
  link: LinkState;
  seq: number | null;
  clockOffset: number;
  telephony: boolean;
  /** While the telephone system is away: since when nothing has been heard of calls, in local milliseconds. */
  unheardSince: number | null;
  centre: string;
  queues: ReadonlyMap<string, QueueRow>;
  agents: ReadonlyMap<string, AgentRow>;
  waiting: ReadonlyMap<string, WaitingRow>;
  calls: ReadonlyMap<string, CallRow>;
  supervisions: readonly SupervisionRow[];
  /** Something was missed: only a whole view helps, so the socket must be opened anew. */
  gap: boolean;
}

export const initialMonitor: MonitorState = {
  link: initialLink,
  seq: null,
  clockOffset: 0,
  telephony: true,
  unheardSince: null,
  centre: "",
  queues: new Map(),
  agents: new Map(),
  waiting: new Map(),
  calls: new Map(),
  supervisions: [],
  gap: false,
};

export type MonitorEvent =
  | { kind: "link"; link: Partial<LinkState> }
  | { kind: "view"; view: MonitorView; at: number }
  | { kind: "heard"; at: number };

export function reduceMonitor(state: MonitorState, event: MonitorEvent): MonitorState {
  switch (event.kind) {
    case "link":
      return { ...state, link: changedLink(state.link, event.link) };
    case "heard":
      return { ...state, link: { ...state.link, heardAt: event.at } };
    case "view":
      return viewReceived({ ...state, link: { ...state.link, heardAt: event.at } }, event.view, event.at);
  }
}

function viewReceived(state: MonitorState, view: MonitorView, at: number): MonitorState {
  const gap = !view.whole && state.seq !== null && view.seq !== state.seq + 1;
  if (!view.whole && (state.seq === null || gap)) return { ...state, gap: true };
  const clockOffset = Date.parse(view.now) - at;
  return {
    ...state,
    seq: view.seq,
    clockOffset,
    telephony: view.telephony,
    unheardSince: view.unheard_since === null ? null : Date.parse(view.unheard_since) - clockOffset,
    centre: view.centre || state.centre,
    queues: merged(state.queues, view.queues, [], view.whole),
    agents: merged(state.agents, view.agents, view.gone_agents, view.whole),
    waiting: merged(state.waiting, view.waiting, view.gone_waiting, view.whole),
    calls: merged(state.calls, view.calls, view.gone_calls, view.whole),
    supervisions: view.supervisions,
    gap: false,
  };
}

/** When what is shown was last known to be so, in local milliseconds: calls are old too while their PBX is away. */
export function knownAt(state: MonitorState): number | null {
  const { heardAt } = state.link;
  if (heardAt === null || state.unheardSince === null) return heardAt;
  return Math.min(heardAt, state.unheardSince);
}

function merged<Row extends { id: string }>(
  known: ReadonlyMap<string, Row>,
  rows: readonly Row[],
  gone: readonly string[],
  whole: boolean,
): ReadonlyMap<string, Row> {
  if (!whole && rows.length === 0 && gone.length === 0) return known;
  const next = new Map(whole ? [] : known);
  for (const id of gone) next.delete(id);
  for (const row of rows) next.set(row.id, row);
  return next;
}
