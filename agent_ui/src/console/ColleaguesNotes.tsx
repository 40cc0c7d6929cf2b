/** What colleagues wrote about this contact before it came here. */

import type { ContactView } from "../protocol";

export function ColleaguesNotes({ contact }: { contact: ContactView }) {
  if (contact.notes.length === 0) return null;
  return (
    <section className="card" aria-labelledby="notes-title" data-testid="colleagues-notes">
      <h2 id="notes-title" className="card-kicker">
        From colleagues
      </h2>
      <dl className="facts facts-wide">
        {contact.notes.map((note) => (
          <div key={note.agent}>
            <dt>{note.name}</dt>
            <dd className="note-text">{note.text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
