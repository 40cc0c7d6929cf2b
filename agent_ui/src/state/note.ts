/** The agent's note while it is being typed: saved at every pause, kept through reload and lost connections. */

export interface NoteState {
  contact: string;
  text: string;
  /** What the server is known to have. */
  saved: string;
  /** Sent, not yet confirmed. */
  sending: string | null;
}

/** A pause in typing, after which the note is saved. */
export const NOTE_PAUSE_MS = 700;

export type NoteEvent =
  | { kind: "typed"; text: string }
  | { kind: "sent" }
  | { kind: "confirmed" }
  | { kind: "failed" }
  | { kind: "seen"; contact: string; text: string };

/** Begin with the server's note, or with what this browser kept and could not send. */
export function openNote(contact: string, serverText: string, kept: string | null): NoteState {
  return { contact, text: kept ?? serverText, saved: serverText, sending: null };
}

export function reduceNote(note: NoteState, event: NoteEvent): NoteState {
  switch (event.kind) {
    case "typed":
      return { ...note, text: event.text };
    case "sent":
      return { ...note, sending: note.text };
    case "confirmed":
      return note.sending === null ? note : { ...note, saved: note.sending, sending: null };
    case "failed":
      return { ...note, sending: null };
    case "seen":
      return seen(note, event.contact, event.text);
  }
}

export function isDirty(note: NoteState): boolean {
  return note.text !== note.saved;
}

export function noteStatus(note: NoteState): "saved" | "saving" | "unsaved" | "empty" {
  if (note.sending !== null) return "saving";
  if (isDirty(note)) return "unsaved";
  return note.text === "" ? "empty" : "saved";
}

/** A view came: another contact begins anew; for the same one, what is being typed here wins. */
function seen(note: NoteState, contact: string, text: string): NoteState {
  if (contact !== note.contact) return openNote(contact, text, null);
  if (note.sending !== null || text === note.saved) return note;
  return isDirty(note) ? { ...note, saved: text } : { ...note, text, saved: text };
}
