/** Messages that callers left: who takes one listens, calls back, writes down what came of it. Shown while there is no contact. */

import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { moveVoicemail, readCustomer, readVoicemails, type VoicemailMove } from "../api";
import { Ago } from "../parts/Age";
import { MessageSound } from "../parts/MessageSound";
import { useCentre } from "../parts/useCentre";
import type { CustomerCard as Card, CentreSummary, DeskView, VoicemailLine } from "../protocol";
import { keysOf } from "../state/shortcuts";
import {
  callerOf,
  goalsOf,
  ownerText,
  shownVoicemails,
  skillsText,
  voicemailChanges,
} from "../state/voicemails";
import { Known } from "./CustomerCard";
import { useLive, useOffset } from "./desk";
import { FOCUS_IDS, takesText } from "./Shortcuts";
import { useLines, useListTitle } from "./useLines";

export function VoicemailPanel({ view }: { view: DeskView }) {
  const { lines, problem, busy, change } = useLines({
    read: readVoicemails,
    changes: voicemailChanges(view.queues),
    failure: "The messages cannot be shown.",
  });
  const centre = useCentre();
  const live = useLive();
  const { title, focusTitle } = useListTitle();
  const shown = lines === null ? null : shownVoicemails(lines, view.agent, view.message);
  const act = (line: VoicemailLine, wanted: VoicemailMove) => {
    focusTitle();
    change(line, () => moveVoicemail(line, wanted));
  };
  return (
    <section className="card callbacks" aria-labelledby={FOCUS_IDS.voicemails} data-testid="voicemails">
      <div className="card-head">
        <h2
          id={FOCUS_IDS.voicemails}
          ref={title}
          tabIndex={-1}
          className="card-kicker"
          aria-keyshortcuts={keysOf("voicemails")}
        >
          Messages
        </h2>
        <span className="quiet" data-testid="voicemails-count">
          {shown === null ? "" : shown.length}
        </span>
      </div>
      <p role="alert" className="callbacks-problem" data-testid="voicemails-problem">
        {problem}
      </p>
      {shown === null && problem === "" && <p className="quiet">Reading…</p>}
      {shown !== null && shown.length === 0 && (
        <p className="quiet" data-testid="voicemails-empty">
          No message waits for an answer.
        </p>
      )}
      {shown !== null && shown.length > 0 && (
        <ul className="callback-list" aria-label="Messages">
          {shown.map((line) => (
            <Message
              key={line.id}
              line={line}
              me={view.agent}
              accepted={line.id === view.message}
              outside={view.outside}
              centre={centre}
              disabled={!live || busy !== null}
              act={(wanted) => act(line, wanted)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface MessageProps {
  line: VoicemailLine;
  me: string;
  /** She was offered it, and has accepted it. */
  accepted: boolean;
  /** Whether numbers outside can be called. */
  outside: boolean;
  centre: CentreSummary | null;
  disabled: boolean;
  act: (wanted: VoicemailMove) => void;
}

function Message({ line, me, accepted, outside, centre, disabled, act }: MessageProps) {
  const offset = useOffset();
  const who = callerOf(line);
  const mine = line.state === "taken";
  const skills = skillsText(line);
  const here = useRef<HTMLLIElement>(null);
  const opened = accepted && mine;
  useEffect(() => {
    // What comes next is to hear it.
    if (opened && !takesText(document.activeElement))
      here.current?.querySelector<HTMLElement>("[data-testid=player-toggle]")?.focus();
  }, [opened]);
  return (
    <li
      ref={here}
      className="callback"
      data-testid={`voicemail-${line.id}`}
      data-state={line.state}
      data-accepted={accepted}
    >
      <div className="callback-what">
        <p className="callback-who">
          <b className="figure">{line.number || "Number withheld"}</b>
          {line.name !== "" && <span>{line.name}</span>}
          {line.owner !== null && <span className="callback-due">{ownerText(line, me)}</span>}
        </p>
        <p className="quiet">
          {line.queue_name}
          {line.received_at !== null && (
            <>
              {" · left "}
              <Ago since={line.received_at} offset={offset} />
            </>
          )}
          {line.priority !== 0 && ` · priority ${line.priority}`}
          {skills !== "" && ` · needs ${skills}`}
          {line.listened_at === null && " · not heard yet"}
          {line.replied_at !== null && " · caller was reached"}
        </p>
        <MessageSound line={line} />
        {mine && line.customer !== null && <Customer id={line.customer} />}
        {mine && <Ending line={line} disabled={disabled} act={act} />}
      </div>
      <div className="callback-buttons">
        {mine ? (
          <>
            {outside && line.number !== "" && (
              <Act text="Call back" who={who} disabled={disabled} act={() => act({ move: "call" })} />
            )}
            <Act text="Give back" who={who} disabled={disabled} act={() => act({ move: "give-back" })} />
          </>
        ) : (
          <Act text="Take" who={who} filled disabled={disabled} act={() => act({ move: "take" })} />
        )}
        <Giving line={line} centre={centre} disabled={disabled} act={act} />
      </div>
    </li>
  );
}

interface ActProps {
  text: string;
  who: string;
  filled?: boolean;
  disabled: boolean;
  act: () => void;
}

function Act({ text, who, filled = false, disabled, act }: ActProps) {
  return (
    <Button
      size="sm"
      variant={filled ? "filled" : "default"}
      disabled={disabled}
      onClick={act}
      aria-label={`${text}: ${who}`}
      data-testid={`voicemail-${text.toLowerCase().replace(" ", "-")}`}
    >
      {text}
    </Button>
  );
}

type PartProps = Pick<MessageProps, "line" | "disabled" | "act">;

/** What came of it. What is written stays while the list is read anew. */
function Ending({ line, disabled, act }: PartProps) {
  const [disposition, setDisposition] = useState("");
  const [note, setNote] = useState("");
  return (
    <form
      className="voicemail-end"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled) act({ move: "done", disposition, note });
      }}
    >
      {line.dispositions.length > 0 && (
        <NativeSelect
          label="What came of it?"
          value={disposition}
          data={[
            { value: "", label: "–" },
            ...line.dispositions.map((one) => ({ value: one.id, label: one.name })),
          ]}
          onChange={(event) => setDisposition(event.currentTarget.value)}
          data-testid="voicemail-disposition"
        />
      )}
      <Textarea
        label="Note"
        rows={2}
        maxLength={10_000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        data-testid="voicemail-note"
      />
      <Button size="sm" type="submit" disabled={disabled} data-testid="voicemail-done">
        Done
      </Button>
    </form>
  );
}

/** To whom it can be given instead. */
function Giving({ line, centre, disabled, act }: PartProps & { centre: CentreSummary | null }) {
  const [to, setTo] = useState("");
  const goals = centre === null ? [] : goalsOf(line, centre.queues, centre.agents);
  const goal = goals.find((one) => one.value === to);
  if (goals.length === 0) return null;
  return (
    <div className="voicemail-give">
      <NativeSelect
        aria-label={`Give to: ${callerOf(line)}`}
        value={goal === undefined ? "" : to}
        data={[
          { value: "", label: "Give to…" },
          ...goals.map((one) => ({ value: one.value, label: one.name })),
        ]}
        onChange={(event) => setTo(event.currentTarget.value)}
        data-testid="voicemail-give-to"
      />
      <Button
        size="sm"
        variant="default"
        disabled={disabled || goal === undefined}
        onClick={() => {
          if (goal !== undefined) act({ move: "give", queue: goal.queue, agent: goal.agent });
        }}
        data-testid="voicemail-give"
      >
        Give
      </Button>
    </div>
  );
}

/** Who the caller is. */
function Customer({ id }: { id: string }) {
  const [customer, setCustomer] = useState<Card | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    readCustomer(id, abort.signal).then(setCustomer, () => undefined);
    return () => abort.abort();
  }, [id]);
  if (customer === null) return null;
  const attributes = Object.fromEntries(
    Object.entries(customer.attributes).map(([name, value]) => [name, String(value)]),
  );
  return (
    <details data-testid="voicemail-customer">
      <summary>Customer: {customer.name}</summary>
      <Known customer={{ ...customer, attributes }} />
    </details>
  );
}
