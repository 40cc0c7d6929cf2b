/** What has been answered so far, on whatever channel, each answer correctable in its place. */

import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { AnswerFile, deskFile, FILE_TYPES } from "../parts/AnswerFile";
import { Icon } from "../parts/icons";
import { useNow } from "../parts/useNow";
import type { DialogView, TrailView } from "../protocol";
import { toldBefore } from "../state/answers";
import { moment } from "../state/durations";
import { useBusy, useLive, useOffset, useSend } from "./desk";
import { ItemInput } from "./ItemInput";

const CHANNELS: Record<string, { text: string; icon: "phone" | "headset" | "screen" }> = {
  phone: { text: "phone", icon: "phone" },
  agent: { text: "agent", icon: "headset" },
  web: { text: "web", icon: "screen" },
};

interface TrailPanelProps {
  dialog: DialogView | null;
  /** When the conversation began. */
  since?: string | null;
}

export function TrailPanel({ dialog, since = null }: TrailPanelProps) {
  const [editing, setEditing] = useState<string | null>(null);
  const panel = useRef<HTMLElement>(null);
  if (dialog === null) return null;
  const { told, here } = toldBefore(dialog.trail, since);
  const close = (item: string) => {
    setEditing(null);
    requestAnimationFrame(() =>
      panel.current?.querySelector<HTMLElement>(`[data-change="${CSS.escape(item)}"]`)?.focus(),
    );
  };
  const shared = { dialog, editing, edit: setEditing, close };
  return (
    <section ref={panel} className="card" aria-labelledby="trail-title" data-testid="trail">
      <h2 id="trail-title" className="card-kicker">
        Answered so far
      </h2>
      {dialog.trail.length === 0 && <p className="quiet">Nothing yet.</p>}
      <Entries
        {...shared}
        id="trail-told"
        title="What the customer already told the machine"
        entries={told}
      />
      <Entries {...shared} id="trail-here" title="In this conversation" entries={here} />
    </section>
  );
}

interface EntriesProps {
  dialog: DialogView;
  id: string;
  title: string;
  entries: readonly TrailView[];
  editing: string | null;
  edit: (item: string) => void;
  close: (item: string) => void;
}

function Entries({ dialog, id, title, entries, editing, edit, close }: EntriesProps) {
  if (entries.length === 0) return null;
  return (
    <>
      <h3 className="trail-told" id={id}>
        {title}
      </h3>
      <ol className="trail" aria-labelledby={id} data-testid={id}>
        {entries.map((entry) => (
          <li key={entry.item} data-testid={`trail-${entry.item}`} data-channel={entry.channel}>
            <Entry
              run={dialog.run}
              language={dialog.language}
              entry={entry}
              correctable={entry.correctable && dialog.channel !== "web"}
              editing={editing === entry.item}
              edit={() => edit(entry.item)}
              close={() => close(entry.item)}
            />
          </li>
        ))}
      </ol>
    </>
  );
}

interface EntryProps {
  run: string;
  language: string;
  entry: TrailView;
  /** By the agent, now: not while the customer leads. */
  correctable: boolean;
  editing: boolean;
  edit: () => void;
  close: () => void;
}

function Entry({ run, language, entry, correctable, editing, edit, close }: EntryProps) {
  const live = useLive();
  const now = useNow() + useOffset();
  const questionId = useId();
  const channel = CHANNELS[entry.channel] ?? { text: entry.channel, icon: "screen" as const };
  return (
    <>
      <div className="trail-question" id={questionId} lang={language}>
        {entry.question}
      </div>
      {editing && correctable ? (
        <Correction run={run} language={language} entry={entry} labelledBy={questionId} close={close} />
      ) : (
        <div className="trail-answer">
          <span className="trail-value" lang={language} data-testid="trail-value">
            {entry.shown || "–"}
          </span>
          {FILE_TYPES.has(entry.type) && entry.value !== "" && (
            <AnswerFile src={deskFile(run, entry.value)} name={entry.shown} type={entry.type} />
          )}
          {entry.private && (
            <span className="tag" title="Not logged, mailed, or shown to others">
              private
            </span>
          )}
          <span
            className="tag"
            data-channel={entry.channel}
            title={`Answered at ${moment(entry.at, now)}`}
            data-testid="trail-channel"
          >
            <Icon name={channel.icon} size={12} /> {channel.text}
          </span>
          {correctable && (
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<Icon name="edit" size={14} />}
              disabled={!live}
              onClick={edit}
              aria-label={`Change: ${entry.question}`}
              data-change={entry.item}
              data-testid="trail-change"
            >
              Change
            </Button>
          )}
        </div>
      )}
    </>
  );
}

interface CorrectionProps {
  run: string;
  language: string;
  entry: TrailView;
  labelledBy: string;
  close: () => void;
}

function Correction({ run, entry, language, labelledBy, close }: CorrectionProps) {
  const [text, setText] = useState(entry.value);
  const [problem, setProblem] = useState("");
  const send = useSend();
  const live = useLive();
  const busy = useBusy("correct");
  const id = useId();
  useEffect(() => document.getElementById(id)?.focus(), [id]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (!live || busy) return;
    const refused = await send({ type: "correct", run, item: entry.item, text });
    if (refused === null) close();
    else setProblem(refused.message);
  };
  return (
    <form
      className="correction"
      onSubmit={submit}
      noValidate
      data-keeps-focus
      data-testid="correction"
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <ItemInput
        id={id}
        run={run}
        item={entry.item}
        type={entry.type}
        options={entry.options}
        language={language}
        value={text}
        change={setText}
        labelledBy={labelledBy}
        describedBy={`${id}-problem`}
        invalid={problem !== ""}
        currency={entry.currency}
        shown={entry.shown}
        size="sm"
      />
      <p role="alert" id={`${id}-problem`} className="field-problem">
        {problem}
      </p>
      <div className="correction-buttons">
        <Button type="submit" size="compact-md" loading={busy} disabled={!live} data-testid="correction-save">
          Save
        </Button>
        <Button variant="default" size="compact-md" onClick={close} data-testid="correction-cancel">
          Cancel
        </Button>
      </div>
    </form>
  );
}
