/** Call-backs promised to customers: what is due, and what this agent has taken. Shown while there is no contact. */

import { Button } from "@mantine/core";
import { useState } from "react";
import { type CallbackMove, moveCallback, readCallbacks } from "../api";
import { useNow } from "../parts/useNow";
import type { CallbackLine, DeskView } from "../protocol";
import {
  attemptsText,
  dueness,
  nextAttempt,
  promisedTime,
  shownCallbacks,
  waitingCallbacks,
} from "../state/callbacks";
import { keysOf } from "../state/shortcuts";
import { ACTION_COLORS } from "../theme";
import { useLive, useOffset } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";
import { useLines, useListTitle } from "./useLines";

/** Colleagues take call-backs too; how many wait comes with the desk, who has which only by asking. */
const RELOAD_MS = 15_000;

const DUE_TEXTS = { later: "", due: "due now", late: "late" };

export function CallbackPanel({ view }: { view: DeskView }) {
  const { lines, problem, busy, change } = useLines({
    read: readCallbacks,
    changes: waitingCallbacks(view.queues),
    everyMs: RELOAD_MS,
    failure: "The call-backs cannot be shown.",
  });
  const live = useLive();
  const { title, focusTitle } = useListTitle();
  const shown = lines === null ? null : shownCallbacks(lines, view.agent);
  const act = (line: CallbackLine, wanted: CallbackMove) => {
    focusTitle();
    change(line, () => moveCallback(line, wanted));
  };
  return (
    <section className="card callbacks" aria-labelledby={FOCUS_IDS.callbacks} data-testid="callbacks">
      <div className="card-head">
        <h2
          id={FOCUS_IDS.callbacks}
          ref={title}
          tabIndex={-1}
          className="card-kicker"
          aria-keyshortcuts={keysOf("callbacks")}
        >
          Call-backs
        </h2>
        <span className="quiet" data-testid="callbacks-count">
          {shown === null ? "" : shown.length}
        </span>
      </div>
      <p role="alert" className="callbacks-problem" data-testid="callbacks-problem">
        {problem}
      </p>
      {shown === null && problem === "" && <p className="quiet">Reading…</p>}
      {shown !== null && shown.length === 0 && (
        <p className="quiet" data-testid="callbacks-empty">
          Nobody waits to be called back.
        </p>
      )}
      {shown !== null && shown.length > 0 && (
        <ul className="callback-list" aria-label="Call-backs">
          {shown.map((line) => (
            <CallbackItem
              key={line.id}
              line={line}
              disabled={!live || busy !== null}
              act={(wanted) => act(line, wanted)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface CallbackItemProps {
  line: CallbackLine;
  disabled: boolean;
  act: (wanted: CallbackMove) => void;
}

function CallbackItem({ line, disabled, act }: CallbackItemProps) {
  const now = useNow() + useOffset();
  const [asking, setAsking] = useState<"not" | "asking" | "kept">("not");
  const due = dueness(line, now);
  const who = line.name === "" ? line.number : line.name;
  const attempts = [attemptsText(line), nextAttempt(line, now)].filter((part) => part !== "").join(" · ");
  const button = (move: CallbackMove, text: string, variant: string) => (
    <Button
      size="sm"
      variant={variant}
      disabled={disabled}
      onClick={() => act(move)}
      aria-label={`${text}: ${who}`}
      data-testid={`callback-${move}`}
    >
      {text}
    </Button>
  );
  return (
    <li className="callback" data-testid={`callback-${line.id}`} data-state={line.state} data-due={due}>
      <div className="callback-what">
        <p className="callback-who">
          <b className="figure">{line.number}</b>
          {line.name !== "" && <span>{line.name}</span>}
          {DUE_TEXTS[due] !== "" && <span className="callback-due">{DUE_TEXTS[due]}</span>}
        </p>
        <p className="quiet">
          {promisedTime(line, now)} · {line.queue_name}
        </p>
        {attempts !== "" && (
          <p className="quiet" data-testid="callback-attempts">
            {attempts}
          </p>
        )}
        {line.reason !== "" && <p className="callback-reason">{line.reason}</p>}
      </div>
      <div className="callback-buttons">
        {asking === "asking" ? (
          <Cancelling
            who={who}
            disabled={disabled}
            cancel={() => act("cancel")}
            keep={() => setAsking("kept")}
          />
        ) : (
          <>
            {line.state === "open" ? (
              button("take", "Take", "filled")
            ) : (
              <>
                {button("done", "Done", "filled")}
                {button("give-back", "Not reached", "default")}
              </>
            )}
            <Button
              size="sm"
              variant="default"
              disabled={disabled}
              onClick={() => setAsking("asking")}
              autoFocus={asking === "kept"}
              aria-label={`Cancel: ${who}`}
              data-testid="callback-cancel"
            >
              Cancel
            </Button>
          </>
        )}
      </div>
    </li>
  );
}

interface CancellingProps {
  who: string;
  disabled: boolean;
  cancel: () => void;
  keep: () => void;
}

/** Nobody calls the customer any more, and nothing brings it back: so it is asked for once more. */
function Cancelling({ who, disabled, cancel, keep }: CancellingProps) {
  return (
    <fieldset className="callback-buttons">
      <legend className="callback-asked">Nobody calls {who}?</legend>
      <Button
        size="sm"
        color={ACTION_COLORS.end}
        disabled={disabled}
        onClick={cancel}
        data-testid="callback-cancel-sure"
      >
        Cancel it
      </Button>
      {/* Where the button was that asked: a double click keeps it. */}
      <Button size="sm" variant="default" onClick={keep} autoFocus data-testid="callback-keep">
        Keep it
      </Button>
    </fieldset>
  );
}
