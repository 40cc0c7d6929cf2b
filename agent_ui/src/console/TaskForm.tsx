/** A follow-up task about the contact on the desk: what, until when, by whom. */

import { Button, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { ApiProblem, makeTask } from "../api";
import type { ContactView, DeskView } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { momentOf, ownerOf, suggestedDue } from "../state/tasks";
import { useLive } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";
import { TaskOwner } from "./TaskOwner";

const MAX_LENGTH = 1_000;

export function TaskForm({ view, contact }: { view: DeskView; contact: ContactView }) {
  const [text, setText] = useState("");
  const [due, setDue] = useState(() => suggestedDue(new Date()));
  const [owner, setOwner] = useState(`agent:${view.agent}`);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [made, setMade] = useState("");
  const live = useLive();
  const at = momentOf(due);
  const what = useRef<HTMLTextAreaElement>(null);
  const when = useRef<HTMLInputElement>(null);

  const refuse = (message: string, field: HTMLElement | null) => {
    setMade("");
    setProblem(message);
    field?.focus();
  };

  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !live) return;
    if (text.trim() === "") return refuse("Say what is to be done.", what.current);
    if (at === null) return refuse("Choose a day and a time.", when.current);
    setBusy(true);
    setProblem("");
    setMade("");
    try {
      const task = await makeTask({ text, due_at: at, contact: contact.id, ...ownerOf(owner) });
      setText("");
      setMade(`Kept: ${task.text}`);
      what.current?.focus(); // the button that had the focus was disabled meanwhile
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error.message : "The task was not kept.");
    } finally {
      setBusy(false);
    }
  };
  return (
    <details className="card task-form" data-testid="task-form" data-keeps-focus>
      <summary className="card-kicker">Follow-up task</summary>
      <form onSubmit={make}>
        <Textarea
          id={FOCUS_IDS.task}
          ref={what}
          label="What is to be done"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={MAX_LENGTH}
          aria-keyshortcuts={keysOf("task")}
          data-testid="task-text"
        />
        <div className="task-fields">
          <TextInput
            type="datetime-local"
            ref={when}
            label="Until (your time)"
            value={due}
            onChange={(event) => setDue(event.currentTarget.value)}
            data-testid="task-due"
          />
          <TaskOwner label="Who" me={view.agent} value={owner} onChange={setOwner} testid="task-owner" />
        </div>
        <Button type="submit" variant="default" loading={busy} disabled={!live} data-testid="task-make">
          Make task
        </Button>
        <p role="alert" className="callbacks-problem" data-testid="task-problem">
          {problem}
        </p>
        <p role="status" className="quiet" data-testid="task-made">
          {made}
        </p>
      </form>
    </details>
  );
}
