/** What was written about this contact before: by colleagues, and by the agent when she had it earlier. */

import type { ContactView } from "../protocol";

export function NotesBefore({ contact }: { contact: ContactView }) {
  if (contact.notes.length === 0) return null;
  return (
    <section className="card" aria-labelledby="notes-title" data-testid="notes-before">
      <h2 id="notes-title" className="card-kicker">
        Notes so far
      </h2>
      <dl className="facts facts-wide">
        {contact.notes.map((note) => (
          <div key={`${note.agent} ${note.text}`}>
            <dt>{note.name}</dt>
            <dd className="note-text">{note.text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
