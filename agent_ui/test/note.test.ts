import { expect, test } from "vitest";
import { isDirty, type NoteEvent, type NoteState, noteStatus, openNote, reduceNote } from "../src/state/note";

function after(...events: NoteEvent[]): NoteState {
  return events.reduce(reduceNote, openNote("c1", "", null));
}

test("a typed note is unsaved, then saving, then saved", () => {
  expect(noteStatus(after())).toBe("empty");
  expect(noteStatus(after({ kind: "typed", text: "a" }))).toBe("unsaved");
  expect(noteStatus(after({ kind: "typed", text: "a" }, { kind: "sent" }))).toBe("saving");
  expect(noteStatus(after({ kind: "typed", text: "a" }, { kind: "sent" }, { kind: "confirmed" }))).toBe(
    "saved",
  );
});

test("what is typed while an earlier text is being saved is still to be saved", () => {
  const note = after(
    { kind: "typed", text: "a" },
    { kind: "sent" },
    { kind: "typed", text: "ab" },
    { kind: "confirmed" },
  );
  expect(note).toMatchObject({ text: "ab", saved: "a" });
  expect(isDirty(note)).toBe(true);
});

test("a failed save is tried again", () => {
  expect(noteStatus(after({ kind: "typed", text: "a" }, { kind: "sent" }, { kind: "failed" }))).toBe(
    "unsaved",
  );
});

test("the server's note is taken over unless somebody is typing here", () => {
  expect(after({ kind: "seen", contact: "c1", text: "from the server" }).text).toBe("from the server");
  const typing = after({ kind: "typed", text: "mine" }, { kind: "seen", contact: "c1", text: "theirs" });
  expect(typing.text).toBe("mine");
  expect(isDirty(typing)).toBe(true);
});

test("another contact has another note", () => {
  expect(after({ kind: "typed", text: "mine" }, { kind: "seen", contact: "c2", text: "" })).toEqual(
    openNote("c2", "", null),
  );
});

test("after a reload, what could not be sent is there again and still to be sent", () => {
  const note = openNote("c1", "old", "old and new");
  expect(note.text).toBe("old and new");
  expect(isDirty(note)).toBe(true);
});
