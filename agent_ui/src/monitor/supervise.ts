/** Asks the server for what a supervisor wants, and keeps what became of it: a sentence, and how to undo it. */

import { createContext, useCallback, useContext, useMemo, useState } from "react";
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
import type { SupervisionMode } from "../protocol";
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
  /** True when it was taken. */
  prioritise: (contact: string, from: number, to: number) => Promise<boolean>;
  openQueue: (queue: string, name: string, open: boolean) => void;
  message: (to: { agents: string[] } | { queue: string }, text: string) => Promise<boolean>;
}

export const ActionsContext = createContext<Actions | null>(null);

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error("useActions outside of the monitor");
  return actions;
}

/** What the page provides. */
export function useSupervisorActions(): Actions {
  const [told, setTold] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);

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
      prioritise: (contact, from, to) =>
        ask(
          prioritiseWaiting(contact, to),
          `Priority ${to}.`,
          () => void actions.prioritise(contact, to, from),
        ),
      openQueue: (queue, name, open) =>
        void ask(
          switchQueue(queue, open),
          open ? `${name} is open.` : `${name} is closed: nobody new gets in, who waits is served.`,
          () => actions.openQueue(queue, name, !open),
        ),
      message: (to, text) => ask(sendMessage(to, text), sentText),
    };
    return actions;
  }, [told, busy, ask]);
}
