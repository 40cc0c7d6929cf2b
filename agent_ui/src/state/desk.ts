/**
 * The agent's desk as the browser knows it: the last view, the connection, and commands under way.
 * The server is the truth: nothing here changes the view before the server has confirmed it.
 */

import type { DeskCommand, DeskView, Problem } from "../protocol";
import { changedLink, initialLink, type LinkState } from "./link";

export type CommandType = DeskCommand["type"];

export interface PendingCommand {
  type: CommandType;
  sentAt: number;
}

export interface DeskProblem extends Problem {
  key: number;
  command: CommandType | null;
}

export interface DeskState {
  link: LinkState;
  view: DeskView | null;
  /** Add to the local clock to get the server's, milliseconds. */
  clockOffset: number;
  pending: ReadonlyMap<number, PendingCommand>;
  problems: readonly DeskProblem[];
  /** True until the first view after a reconnect: the server may count from one again. */
  expectsSnapshot: boolean;
  problemCount: number;
}

export const initialDesk: DeskState = {
  link: initialLink,
  view: null,
  clockOffset: 0,
  pending: new Map(),
  problems: [],
  expectsSnapshot: true,
  problemCount: 0,
};

export type DeskEvent =
  | { kind: "link"; link: Partial<LinkState> }
  | { kind: "view"; view: DeskView; at: number }
  | { kind: "sent"; id: number; type: CommandType; at: number }
  | { kind: "replied"; id: number; problem: Problem | null; at: number }
  | { kind: "heard"; at: number }
  | { kind: "dismissed"; key: number };

/** How many problems are kept on the screen. */
const MAX_PROBLEMS = 3;

export function reduceDesk(state: DeskState, event: DeskEvent): DeskState {
  switch (event.kind) {
    case "link":
      return linkChanged(state, event.link);
    case "view":
      return viewReceived(state, event.view, event.at);
    case "sent":
      return {
        ...state,
        pending: withPending(state.pending, event.id, { type: event.type, sentAt: event.at }),
      };
    case "replied":
      return replied(heard(state, event.at), event.id, event.problem);
    case "heard":
      return heard(state, event.at);
    case "dismissed":
      return { ...state, problems: state.problems.filter((problem) => problem.key !== event.key) };
  }
}

/** True while a command of one of these types waits for its reply. */
export function isPending(state: DeskState, ...types: CommandType[]): boolean {
  for (const command of state.pending.values()) if (types.includes(command.type)) return true;
  return false;
}

function linkChanged(state: DeskState, change: Partial<LinkState>): DeskState {
  const link = changedLink(state.link, change);
  const lost = state.link.phase === "open" && link.phase !== "open";
  if (!lost) return { ...state, link, expectsSnapshot: state.expectsSnapshot || link.phase !== "open" };
  return withLostCommands({ ...state, link, expectsSnapshot: true });
}

/** What became of commands without a reply is unknown; the next view tells. Notes are sent again by themselves. */
function withLostCommands(state: DeskState): DeskState {
  const lost = [...state.pending.values()].find((command) => command.type !== "note");
  const next = { ...state, pending: new Map() };
  if (lost === undefined) return next;
  const message = "The connection broke before the server confirmed. Look what it shows, then try again.";
  return withProblem(next, { code: "not-confirmed", message }, lost.type);
}

function viewReceived(state: DeskState, view: DeskView, at: number): DeskState {
  if (!state.expectsSnapshot && state.view !== null && view.seq <= state.view.seq) return heard(state, at);
  return {
    ...heard(state, at),
    view,
    clockOffset: Date.parse(view.now) - at,
    expectsSnapshot: false,
  };
}

/** Commands whose refusal is told where they were given. */
const TOLD_IN_PLACE: ReadonlySet<CommandType> = new Set(["correct", "share-dialog"]);

function replied(state: DeskState, id: number, problem: Problem | null): DeskState {
  const command = state.pending.get(id);
  if (command === undefined) return state;
  const pending = new Map(state.pending);
  pending.delete(id);
  const next = { ...state, pending };
  return problem === null || TOLD_IN_PLACE.has(command.type)
    ? next
    : withProblem(next, problem, command.type);
}

function heard(state: DeskState, at: number): DeskState {
  return { ...state, link: { ...state.link, heardAt: at } };
}

function withProblem(state: DeskState, problem: Problem, command: CommandType | null): DeskState {
  const entry = { ...problem, key: state.problemCount + 1, command };
  const others = state.problems.filter((known) => known.message !== problem.message);
  return {
    ...state,
    problems: [...others, entry].slice(-MAX_PROBLEMS),
    problemCount: entry.key,
  };
}

function withPending(
  pending: ReadonlyMap<number, PendingCommand>,
  id: number,
  command: PendingCommand,
): ReadonlyMap<number, PendingCommand> {
  return new Map(pending).set(id, command);
}
