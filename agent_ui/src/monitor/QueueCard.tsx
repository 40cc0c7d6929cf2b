import type { ReactNode } from "react";
import { Since } from "../parts/Age";
import type { QueueRow } from "../protocol";
import { clock } from "../state/durations";
import { QueueActions } from "./RowMenus";

/** One queue: its service level large, what waits now, and the day's counts. */
export function QueueCard({ queue, offset }: { queue: QueueRow; offset: number }) {
  const level = queue.service_level;
  return (
    <li className="card queue-card" data-testid={`monitor-queue-${queue.id}`}>
      <div className="queue-card-head">
        <h3 className="queue-card-name">{queue.name}</h3>
        <QueueActions queue={queue} />
      </div>
      <div className="queue-card-big">
        <div
          className="big"
          title="Service level: answered within the target ÷ (answered + abandoned), without short abandons"
        >
          <span
            className="big-figure figure"
            data-testid="service-level"
            aria-describedby="service-level-formula"
          >
            {level === null ? "–" : `${level.toFixed(level === 100 ? 0 : 1)} %`}
          </span>
          <span className="big-name">within {queue.target_seconds} s</span>
        </div>
        <div className="big" data-alert={queue.waiting > 0}>
          <span className="big-figure figure" data-testid="queue-waiting">
            {queue.waiting}
          </span>
          <span className="big-name">
            waiting
            {queue.oldest !== null && (
              <>
                , oldest <Since since={queue.oldest} offset={offset} />
              </>
            )}
          </span>
        </div>
        <div className="big">
          <span className="big-figure figure">{queue.ready}</span>
          <span className="big-name">ready</span>
        </div>
        <div className="big">
          <span className="big-figure figure">{queue.talking}</span>
          <span className="big-name">talking</span>
        </div>
      </div>
      <dl className="counts">
        <Count name="Entered" value={queue.entered} testid="queue-entered" />
        <Count name="Answered" value={queue.answered} testid="queue-answered" />
        <Count name="Abandoned" value={queue.abandoned} testid="queue-abandoned" />
        <Count name="Short" value={queue.short_abandoned} />
        <Count name="Flowed out" value={queue.flowed_out} />
        <Count name="Call-back" value={queue.call_back} />
        <Count name="Moved" value={queue.transferred} />
        <Count name="Lost" value={queue.lost} />
        <Count
          name="Avg. answer"
          value={queue.average_answer_seconds === null ? "–" : clock(queue.average_answer_seconds)}
        />
        <Count name="To call back" value={queue.callbacks} testid="queue-callbacks" />
        <Count name="Messages" value={queue.voicemails} testid="queue-voicemails" />
        <Count
          name="Oldest message"
          value={
            queue.oldest_voicemail === null ? "–" : <Since since={queue.oldest_voicemail} offset={offset} />
          }
        />
        <Count
          name="Messages today"
          value={`${queue.voicemails_handled} of ${queue.voicemails_received} done`}
          testid="queue-voicemails-handled"
        />
        <Count name="Until heard" value={average(queue.voicemail_listen_seconds)} />
        <Count name="Until answered" value={average(queue.voicemail_reply_seconds)} />
        <Count name="Longest wait" value={clock(queue.longest_wait_seconds)} />
      </dl>
    </li>
  );
}

function average(seconds: number | null): string {
  return seconds === null ? "–" : clock(seconds);
}

function Count({ name, value, testid }: { name: string; value: ReactNode; testid?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figure" data-testid={testid}>
        {value}
      </dd>
    </div>
  );
}
