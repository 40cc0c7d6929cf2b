/** Follow-up tasks: what is to be done, by when; what is done can be opened again. Shown while there is no contact. */

import { Button, Switch } from "@mantine/core";
import { useState } from "react";
import { changeTask, finishTask, readTasks } from "../api";
import { RouteLink } from "../parts/RouteLink";
import { useNow } from "../parts/useNow";
import type { DeskView, TaskLine } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { choiceOf, dueText, ownerOf, ownerText, taskDueness } from "../state/tasks";
import { useLive, useOffset } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";
import { TaskOwner } from "./TaskOwner";
import { useLines, useListTitle } from "./useLines";

/** Colleagues change tasks too; the desk tells at once, this is for when it cannot. */
const RELOAD_MS = 30_000;
const DUE_TEXTS = { later: "", due: "due", overdue: "overdue" };

type Change = (line: TaskLine, work: () => Promise<TaskLine>) => void;

const readOpen = (signal: AbortSignal) => readTasks("open", signal);
const readDone = (signal: AbortSignal) => readTasks("done", signal);

export function TaskPanel({ view }: { view: DeskView }) {
  const [done, setDone] = useState(false);
  const { lines, problem, busy, change } = useLines({
    read: done ? readDone : readOpen,
    changes: view.tasks,
    everyMs: RELOAD_MS,
    failure: "The tasks cannot be shown.",
  });
  const live = useLive();
  const { title, focusTitle } = useListTitle();
  const shown = lines?.filter((line) => line.state === (done ? "done" : "open")) ?? null;
  const act: Change = (line, work) => {
    focusTitle();
    change(line, work);
  };
  return (
    <section className="card callbacks" aria-labelledby={FOCUS_IDS.tasks} data-testid="tasks">
      <div className="card-head">
        <h2
          id={FOCUS_IDS.tasks}
          ref={title}
          tabIndex={-1}
          className="card-kicker"
          aria-keyshortcuts={keysOf("tasks")}
        >
          Follow-up tasks{" "}
          <span className="quiet" data-testid="tasks-count">
            {shown === null ? "" : shown.length}
          </span>
        </h2>
        <Switch
          label="Done ones"
          checked={done}
          onChange={(event) => setDone(event.currentTarget.checked)}
          data-testid="tasks-done"
        />
      </div>
      <p role="alert" className="callbacks-problem" data-testid="tasks-problem">
        {problem}
      </p>
      {shown === null && problem === "" && <p className="quiet">Reading…</p>}
      {shown !== null && shown.length === 0 && (
        <p className="quiet" data-testid="tasks-empty">
          {done ? "Nothing was done lately." : "Nothing is to be done."}
        </p>
      )}
      {shown !== null && shown.length > 0 && (
        <ul className="callback-list" aria-label={done ? "Tasks done" : "Tasks to be done"}>
          {shown.map((line) => (
            <TaskItem
              key={line.id}
              line={line}
              me={view.agent}
              disabled={!live || busy !== null}
              act={(work) => act(line, work)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface TaskItemProps {
  line: TaskLine;
  me: string;
  disabled: boolean;
  act: (work: () => Promise<TaskLine>) => void;
}

function TaskItem({ line, me, disabled, act }: TaskItemProps) {
  const now = useNow() + useOffset();
  const [owner, setOwner] = useState(choiceOf(line));
  const open = line.state === "open";
  const due = open ? taskDueness(line, now) : "later";
  return (
    <li className="callback" data-testid={`task-${line.id}`} data-state={line.state} data-due={due}>
      <div className="callback-what">
        <p className="callback-reason">{line.text}</p>
        <p className="quiet callback-who">
          <span>
            until {dueText(line, now)} · for {ownerText(line, me)}
          </span>
          {DUE_TEXTS[due] !== "" && <span className="callback-due">{DUE_TEXTS[due]}</span>}
          {line.contact !== null && (
            <RouteLink to={`/history/${encodeURIComponent(line.contact)}`}>
              {line.about === "" ? "the contact" : line.about}
            </RouteLink>
          )}
        </p>
      </div>
      <div className="callback-buttons">
        {open && (
          <>
            <TaskOwner label="Give to" me={me} value={owner} onChange={setOwner} testid="task-owner-of" />
            {/* A choice alone gives nothing away: arrow keys pass through all of them. */}
            <Button
              size="sm"
              variant="default"
              disabled={disabled || owner === choiceOf(line)}
              onClick={() => act(() => changeTask(line, ownerOf(owner)))}
              aria-label={`Give: ${line.text}`}
              data-testid="task-give"
            >
              Give
            </Button>
          </>
        )}
        <Button
          size="sm"
          variant={open ? "filled" : "default"}
          disabled={disabled}
          onClick={() => act(() => finishTask(line, open))}
          aria-label={`${open ? "Done" : "Reopen"}: ${line.text}`}
          data-testid={open ? "task-done" : "task-reopen"}
        >
          {open ? "Done" : "Reopen"}
        </Button>
      </div>
    </li>
  );
}
