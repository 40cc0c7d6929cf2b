/** The recordings of a contact: listen, download, legal hold, delete, and who did. */

import { Button, Loader, Modal, Textarea } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import {
  deleteRecording,
  holdRecording,
  problemText,
  readAccesses,
  readOutline,
  readRecordings,
  recordedSound,
} from "../api";
import { Player } from "../parts/Player";
import { RouteLink } from "../parts/RouteLink";
import { isSupervisor, useSession } from "../parts/session";
import type { AccessLine, Outline, RecordingLine } from "../protocol";
import { addressOf, didText, doerText } from "../state/accessLog";
import { localDay } from "../state/days";
import { clock } from "../state/durations";
import { drawnGaps, sizeText, unplayableText } from "../state/recording";
import type { Names } from "./names";

type Loaded =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "lines"; lines: RecordingLine[] };

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function Recordings({ contact, names }: { contact: string; names: Names }) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((number) => number + 1), []);
  const { session } = useSession();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again for the same
  useEffect(() => {
    const abort = new AbortController();
    readRecordings(contact, abort.signal).then(
      (lines) => setLoaded({ kind: "lines", lines }),
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded({ kind: "failed", message: problemText(error) });
      },
    );
    return () => abort.abort();
  }, [contact, attempt]);

  return (
    <>
      <h3 className="card-subtitle">Recordings</h3>
      {loaded.kind === "loading" && <Loader size="sm" aria-label="Loading the recordings" />}
      {loaded.kind === "failed" && (
        <p role="alert">
          {loaded.message}{" "}
          <Button size="compact-sm" variant="default" onClick={again}>
            Try again
          </Button>
        </p>
      )}
      {loaded.kind === "lines" && loaded.lines.length === 0 && (
        <p className="quiet" data-testid="no-recordings">
          Nothing was recorded.
        </p>
      )}
      {loaded.kind === "lines" && loaded.lines.length > 0 && (
        <>
          <ol className="recordings" data-testid="recordings">
            {loaded.lines.map((line) => (
              <RecordingItem key={line.id} line={line} names={names} changed={again} />
            ))}
          </ol>
          {isSupervisor(session) && (
            <p>
              <RouteLink className="link-alone" to={addressOf({ contact, from: firstDay(loaded.lines) })}>
                Who did what with them
              </RouteLink>
            </p>
          )}
        </>
      )}
    </>
  );
}

function firstDay(lines: readonly RecordingLine[]): string {
  return lines.map((line) => localDay(new Date(line.began_at))).sort()[0] ?? "";
}

interface ItemProps {
  line: RecordingLine;
  names: Names;
  changed: () => void;
}

function RecordingItem({ line, names, changed }: ItemProps) {
  const who = line.agent === null ? "outside" : names.agent(line.agent);
  const unplayable = unplayableText(line);
  const others = line.others.length === 0 ? "" : ` with ${line.others.map(names.agent).join(", ")}`;
  return (
    <li className="recording" data-testid="recording" data-state={line.state} data-held={line.held}>
      <div className="recording-line">
        <strong>{`Part ${line.part}`}</strong> {`${who}${others} · ${names.queue(line.queue)} · `}
        {FULL.format(new Date(line.began_at))}
        {line.state === "kept" && ` · ${clock(line.seconds)}`}
        {line.held && (
          <span className="tag" title={line.held_for}>
            Legal hold
          </span>
        )}
      </div>
      {unplayable === null ? (
        <RecordingPlayer line={line} label={`Recording ${line.part}, ${who}`} agent={who} />
      ) : (
        <p className="quiet" data-testid="recording-unplayable">
          {unplayable}
        </p>
      )}
      {line.state === "kept" && line.reason === "interrupted" && (
        <p className="quiet">It was interrupted: the end is missing.</p>
      )}
      {line.may_manage && <Manage line={line} changed={changed} />}
    </li>
  );
}

function RecordingPlayer({ line, label, agent }: { line: RecordingLine; label: string; agent: string }) {
  const [outline, setOutline] = useState<Outline | null | undefined>(null);
  useEffect(() => {
    const abort = new AbortController();
    readOutline(line.id, abort.signal).then(setOutline, () => {
      if (!abort.signal.aborted) setOutline(undefined);
    });
    return () => abort.abort();
  }, [line.id]);
  return (
    <Player
      src={recordedSound(line.id)}
      label={label}
      seconds={line.seconds}
      outline={outline}
      channels={["Caller", agent]}
      gaps={drawnGaps(line)}
    />
  );
}

type Asking = "hold" | "delete" | "log" | null;

function Manage({ line, changed }: { line: RecordingLine; changed: () => void }) {
  const [asking, setAsking] = useState<Asking>(null);
  const [problem, setProblem] = useState("");
  const kept = line.state === "kept";
  const done = (work: Promise<void>) =>
    work.then(
      () => {
        setAsking(null);
        setProblem("");
        changed();
      },
      (error: unknown) => setProblem(problemText(error)),
    );
  const close = () => setAsking(null);
  return (
    <div className="recording-actions">
      {kept && (
        <Button
          component="a"
          href={recordedSound(line.id, true)}
          download
          size="compact-sm"
          variant="default"
          data-testid="recording-download"
        >
          {`Download (${sizeText(line.size)})`}
        </Button>
      )}
      {line.state !== "deleted" && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => (line.held ? void done(holdRecording(line.id, false, "")) : setAsking("hold"))}
          data-testid="recording-hold"
        >
          {line.held ? "Release the hold" : "Legal hold"}
        </Button>
      )}
      {kept && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={line.held}
          title={line.held ? "It is under legal hold" : undefined}
          onClick={() => setAsking("delete")}
          data-testid="recording-delete"
        >
          Delete
        </Button>
      )}
      <Button size="compact-sm" variant="subtle" onClick={() => setAsking("log")} data-testid="recording-log">
        Who heard it
      </Button>
      <span className="quiet">
        {line.expires_at !== null && kept && `Deleted on ${DAY.format(new Date(line.expires_at))}`}
        {line.held && ` Held by ${line.held_by}: ${line.held_for}`}
      </span>
      {problem !== "" && asking === null && <p role="alert">{problem}</p>}
      {(asking === "hold" || asking === "delete") && (
        <ReasonDialog
          title={asking === "hold" ? "Put under legal hold" : "Delete the recording"}
          text={
            asking === "hold"
              ? "Nobody can delete it until the hold is released."
              : "Its sound is gone for good. That it was there stays known."
          }
          needed={asking === "hold"}
          button={asking === "hold" ? "Hold" : "Delete"}
          problem={problem}
          close={close}
          confirm={(reason) =>
            void done(
              asking === "hold" ? holdRecording(line.id, true, reason) : deleteRecording(line.id, reason),
            )
          }
        />
      )}
      {asking === "log" && <AccessLog recording={line.id} close={close} />}
    </div>
  );
}

interface ReasonProps {
  title: string;
  text: string;
  needed: boolean;
  button: string;
  problem: string;
  close: () => void;
  confirm: (reason: string) => void;
}

function ReasonDialog({ title, text, needed, button, problem, close, confirm }: ReasonProps) {
  const [reason, setReason] = useState("");
  return (
    <Modal opened onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm(reason.trim());
        }}
      >
        <p>{text}</p>
        <Textarea
          label="Why"
          value={reason}
          required={needed}
          maxLength={500}
          data-autofocus
          onChange={(event) => setReason(event.currentTarget.value)}
          data-testid="recording-reason"
        />
        {problem !== "" && <p role="alert">{problem}</p>}
        <div className="recording-actions">
          <Button type="submit" disabled={needed && reason.trim() === ""} data-testid="recording-confirm">
            {button}
          </Button>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function AccessLog({ recording, close }: { recording: string; close: () => void }) {
  const [lines, setLines] = useState<AccessLine[] | string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    readAccesses(recording, abort.signal).then(setLines, (error: unknown) => {
      if (!abort.signal.aborted) setLines(problemText(error));
    });
    return () => abort.abort();
  }, [recording]);
  return (
    <Modal opened onClose={close} title="Who did what with it" size="lg">
      {lines === null && <Loader size="sm" aria-label="Loading" />}
      {typeof lines === "string" && <p role="alert">{lines}</p>}
      {Array.isArray(lines) && lines.length === 0 && <p className="quiet">Nobody has heard it.</p>}
      {Array.isArray(lines) && lines.length > 0 && (
        <table className="trail-table" data-testid="recording-accesses">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={`${line.at} ${line.what}`}>
                <td>{FULL.format(new Date(line.at))}</td>
                <td>{doerText(line.by)}</td>
                <td>{didText(line.what)}</td>
                <td>{line.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Modal>
  );
}
