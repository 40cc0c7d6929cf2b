/** The agent's queues: how many wait, since when the oldest, how many colleagues are ready. */

import { Since } from "../parts/Age";
import type { DeskView } from "../protocol";
import { useOffset } from "./desk";

export function QueueTiles({ view }: { view: DeskView }) {
  const offset = useOffset();
  if (view.queues.length === 0) return <p className="quiet">You have no queues.</p>;
  return (
    <ul className="queue-tiles" aria-label="Your queues">
      {view.queues.map((queue) => (
        <li
          key={queue.id}
          className="queue-tile"
          data-testid={`queue-${queue.id}`}
          data-waiting={queue.waiting}
        >
          <span className="queue-name">{queue.name}</span>
          <span className="queue-figures">
            <span>
              <b className="figure">{queue.waiting}</b> waiting
            </span>
            <span>
              {queue.oldest === null ? (
                "–"
              ) : (
                <>
                  oldest <b>{<Since since={queue.oldest} offset={offset} />}</b>
                </>
              )}
            </span>
            <span>
              <b className="figure">{queue.ready}</b> ready
            </span>
            {queue.voicemails > 0 && (
              <span data-testid={`queue-${queue.id}-voicemails`}>
                <b className="figure">{queue.voicemails}</b> {queue.voicemails === 1 ? "message" : "messages"}
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
