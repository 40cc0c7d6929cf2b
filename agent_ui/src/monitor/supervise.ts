/** Asks the server for what a supervisor wants, and keeps what became of it: a sentence, and how to undo it. */

import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import {
  ApiProblem,
  changeSupervision,
  forcePresence,
  moveWaiting,
  prioritiseWaiting,
  sendMessage,
  startSupervision,
  stopSupervision,
  switchQueue,
  takeOver,
} from "../api";
import type { SupervisionMode, WaitingRow } from "../protocol";
import { sentText } from "../state/supervision";

export interface Told {
  text: string;
  failed: boolean;
  undo: (() => void) | null;
}

export interface Actions {
  told: Told | null;
  busy: boolean;
  forget: () => void;
  supervise: (contact: string, mode: SupervisionMode, phone: string) => void;
  changeMode: (supervision: string, mode: SupervisionMode) => void;
  /** True when the conversation is the supervisor's now. */
  takeOver: (supervision: string) => Promise<boolean>;
  stop: (supervision: string) => void;
  force: (agent: string, name: string, presence: string, undoable: boolean) => void;
  move: (contact: string, from: string, to: string, name: string) => void;
  /** What was asked for last, also while the row does not show it yet: clicks and undo that come before it count. */
  priorityOf: (row: WaitingRow) => number;
  prioritise: (contact: string, from: number, to: number) => void;
  openQueue: (queue: string, name: string, open: boolean) => void;
  message: (to: { agents: string[] } | { queue: string }, text: string) => Promise<boolean>;
}

export const ActionsContext = createContext<Actions | null>(null);

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error("useActions outside of the monitor");
  return actions;
}

/** How long a row may take to show what was asked for, milliseconds; the server pushes five times a second. */
const SHOWN_MS = 1000;

/** What the page provides. */
export function useSupervisorActions(): Actions {
  const [told, setTold] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState<ReadonlyMap<string, number>>(new Map());
  const before = useRef<Promise<unknown>>(Promise.resolve());

  const ask = useCallback(
    async <Value>(
      asked: Promise<Value>,
      done: string | ((answer: Value) => string),
      undo: (() => void) | null = null,
    ): Promise<boolean> => {
      setBusy(true);
      try {
        const answer = await asked;
        const text = typeof done === "string" ? done : done(answer);
        setTold(text === "" ? null : { text, failed: false, undo });
        return true;
      } catch (error) {
        const text = error instanceof ApiProblem ? error.message : "That did not work.";
        setTold({ text, failed: true, undo: null });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [],
  );

  return useMemo<Actions>(() => {
    const actions: Actions = {
      told,
      busy,
      forget: () => setTold(null),
      supervise: (contact, mode, phone) => void ask(startSupervision(contact, mode, phone), ""),
      changeMode: (supervision, mode) => void ask(changeSupervision(supervision, mode), ""),
      takeOver: (supervision) => ask(takeOver(supervision), ""),
      stop: (supervision) => void ask(stopSupervision(supervision), ""),
      force: (agent, name, presence, undoable) => {
        const back = () => actions.force(agent, name, "ready", false);
        const done = { ready: "is ready", "not-ready": "is not ready", "signed-out": "is signed out" }[
          presence
        ];
        void ask(
          forcePresence(agent, presence),
          `${name} ${done ?? presence}, or will be after the conversation.`,
          undoable ? back : null,
        );
      },
      move: (contact, from, to, name) =>
        void ask(moveWaiting(contact, to), `Moved to ${name}.`, () =>
          actions.move(contact, to, from, "the queue it came from"),
        ),
      priorityOf: (row) => asked.get(row.id) ?? row.priority,
      prioritise: (contact, from, to) => {
        const forget = () =>
          setAsked((old) =>
            old.get(contact) === to ? new Map([...old].filter(([id]) => id !== contact)) : old,
          );
        setAsked((old) => new Map(old).set(contact, to));
        // One after the other: what is asked for last holds.
        before.current = before.current
          .then(() =>
            ask(prioritiseWaiting(contact, to), `Priority ${to}.`, () =>
              actions.prioritise(contact, to, from),
            ),
          )
          .then((taken) => (taken ? window.setTimeout(forget, SHOWN_MS) : forget()));
      },
      openQueue: (queue, name, open) =>
        void ask(
          switchQueue(queue, open),
          open ? `${name} is open.` : `${name} is closed: nobody new gets in, who waits is served.`,
          () => actions.openQueue(queue, name, !open),
        ),
      message: (to, text) => ask(sendMessage(to, text), sentText),
    };
    return actions;
  }, [told, busy, asked, ask]);
}
