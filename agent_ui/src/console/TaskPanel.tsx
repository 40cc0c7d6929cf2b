/** Follow-up tasks: what is to be done, by when; what is done can be opened again. Shown while there is no contact. */

import { Button, Switch } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiProblem, changeTask, finishTask, readTasks } from "../api";
import { RouteLink } from "../parts/RouteLink";
import { useNow } from "../parts/useNow";
import type { DeskView, TaskLine } from "../protocol";
import { keysOf } from "../state/shortcuts";
import { choiceOf, dueText, ownerOf, ownerText, taskDueness } from "../state/tasks";
import { useLive, useOffset } from "./desk";
import { FOCUS_IDS } from "./Shortcuts";
import { TaskOwner } from "./TaskOwner";

/** Colleagues change tasks too; the desk tells at once, this is for when it cannot. */
const RELOAD_MS = 30_000;
const DUE_TEXTS = { later: "", due: "due", overdue: "overdue" };

type Change = (line: TaskLine, work: () => Promise<TaskLine>) => void;

interface TasksShown {
  /** Null until the server has answered. */
  lines: TaskLine[] | null;
  problem: string;
  /** Id of the one that is being changed. */
  busy: string | null;
  change: Change;
}

function useTasks(revision: number, done: boolean): TasksShown {
  const [lines, setLines] = useState<TaskLine[] | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((number) => number + 1), []);

  useEffect(() => {
    const timer = window.setInterval(again, RELOAD_MS);
    return () => window.clearInterval(timer);
  }, [again]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt, or another revision, asks again
  useEffect(() => {
    const abort = new AbortController();
    readTasks(done ? "done" : "open", abort.signal).then(setLines, (error: unknown) => {
      // What was read stays: the desk's own banner tells when the server is away.
      if (!abort.signal.aborted && !isUnreachable(error)) setProblem(messageOf(error));
    });
    return () => abort.abort();
  }, [attempt, revision, done]);

  const change = async (line: TaskLine, work: () => Promise<TaskLine>) => {
    setBusy(line.id);
    setProblem("");
    try {
      const changed = await work();
      setLines((old) => (old ?? []).map((one) => (one.id === changed.id ? changed : one)));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(null);
      again();
    }
  };
  return { lines, problem, busy, change: (line, work) => void change(line, work) };
}

export function TaskPanel({ view }: { view: DeskView }) {
  const [done, setDone] = useState(false);
  const { lines, problem, busy, change } = useTasks(view.tasks, done);
  const live = useLive();
  const title = useRef<HTMLHeadingElement>(null);
  const shown = lines?.filter((line) => line.state === (done ? "done" : "open")) ?? null;
  const act: Change = (line, work) => {
    // The button pressed goes away with its line: the focus must not fall to the top of the page.
    title.current?.focus();
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

function messageOf(error: unknown): string {
  return error instanceof ApiProblem ? error.message : "The tasks cannot be shown.";
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 0;
}
