/** The agent's note: saved at every pause in typing, kept over reload and lost connection. */

import { Textarea } from "@mantine/core";
import { useCallback, useEffect, useReducer } from "react";
import type { ContactView } from "../protocol";
import { isDirty, NOTE_PAUSE_MS, type NoteState, noteStatus, openNote, reduceNote } from "../state/note";
import { keysOf } from "../state/shortcuts";
import { useLive, useSend } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";
import { keepNote, keptNote } from "./wrapUp";

export interface Note {
  state: NoteState;
  type: (text: string) => void;
  save: () => void;
}

/** Longest note. */
const MAX_LENGTH = 4_000;

export function useNote(contact: ContactView): Note {
  const [state, dispatch] = useReducer(reduceNote, contact, () =>
    openNote(contact.id, contact.note, keptNote(contact.id)),
  );
  const send = useSend();
  const live = useLive();
  const dirty = isDirty(state);
  const waiting = dirty && state.sending === null;

  useEffect(
    () => dispatch({ kind: "seen", contact: contact.id, text: contact.note }),
    [contact.id, contact.note],
  );

  useEffect(() => keepNote(contact.id, dirty ? state.text : null), [contact.id, dirty, state.text]);

  const save = useCallback(async () => {
    if (!live || !waiting) return;
    dispatch({ kind: "sent" });
    const problem = await send({ type: "note", contact: state.contact, text: state.text });
    dispatch({ kind: problem === null ? "confirmed" : "failed" });
  }, [live, waiting, send, state.contact, state.text]);

  useEffect(() => {
    if (!waiting) return;
    const timer = window.setTimeout(() => void save(), NOTE_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [waiting, save]);

  const type = useCallback((text: string) => dispatch({ kind: "typed", text }), []);
  return { state, type, save };
}

const STATUS_TEXTS = { empty: "", saved: "Saved", saving: "Saving…", unsaved: "Not saved yet" };

export function NotePanel({ note }: { note: Note }) {
  const status = noteStatus(note.state);
  return (
    <section className="card" data-keeps-focus>
      <div className="card-head">
        <label htmlFor={FOCUS_IDS.note} className="card-kicker">
          Note
        </label>
        <span className="quiet" data-testid="note-status" data-state={status}>
          {STATUS_TEXTS[status]}
        </span>
      </div>
      <Textarea
        id={FOCUS_IDS.note}
        value={note.state.text}
        onChange={(event) => note.type(event.currentTarget.value)}
        onBlur={note.save}
        autosize
        minRows={3}
        maxRows={10}
        maxLength={MAX_LENGTH}
        aria-keyshortcuts={keysOf("note")}
        placeholder="What the next colleague should know"
        data-testid="note"
      />
    </section>
  );
}
