/** One past contact: what happened, the note, and what was answered. */

import { Button, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { ApiProblem, problemText, readContact, readVoicemail } from "../api";
import { AnswerFile } from "../parts/AnswerFile";
import { Icon } from "../parts/icons";
import { MessageSound } from "../parts/MessageSound";
import { isSupervisor, useSession } from "../parts/session";
import type { ContactDetail as Contact, TrailLine, VoicemailLine } from "../protocol";
import { clock } from "../state/durations";
import { Decisions } from "./Decisions";
import { causeText, type Names, outcomeText } from "./names";
import { Recordings } from "./Recordings";

type Loaded =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "contact"; contact: Contact };

interface ContactDetailProps {
  id: string;
  names: Names;
  close: () => void;
}

export function ContactDetail({ id, names, close }: ContactDetailProps) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    const abort = new AbortController();
    heading.current?.focus();
    readContact(id, abort.signal).then(
      (contact) => setLoaded({ kind: "contact", contact }),
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded({ kind: "failed", message: messageOf(error) });
      },
    );
    return () => abort.abort();
  }, [id]);

  return (
    <section className="card" aria-labelledby="detail-title" data-testid="contact-detail">
      <div className="card-head">
        <h2 id="detail-title" className="page-title" ref={heading} tabIndex={-1}>
          Contact
        </h2>
        <Button
          variant="subtle"
          color="gray"
          size="compact-md"
          leftSection={<Icon name="cross" />}
          onClick={close}
          data-testid="contact-close"
        >
          Close
        </Button>
      </div>
      {loaded.kind === "loading" && <Loader size="sm" aria-label="Loading" />}
      {loaded.kind === "failed" && <p role="alert">{loaded.message}</p>}
      {loaded.kind === "contact" && <Details contact={loaded.contact} names={names} />}
    </section>
  );
}

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function Details({ contact, names }: { contact: Contact; names: Names }) {
  const { session } = useSession();
  return (
    <>
      <dl className="facts">
        <Fact name="Caller" value={contact.caller_number || "withheld"} />
        <Fact name="Arrived" value={FULL.format(new Date(contact.arrived_at))} />
        <Fact
          name="Ended"
          value={contact.ended_at === null ? "in progress" : FULL.format(new Date(contact.ended_at))}
        />
        <Fact name="Called" value={names.entryPoint(contact.entry_point)} />
        <Fact name="Queue" value={names.queue(contact.queue)} />
        <Fact name="Agent" value={names.agent(contact.agent)} />
        <Fact name="Outcome" value={outcomeText(contact, names)} />
        <Fact name="Ended by" value={contact.ended_at === null ? "–" : causeText(contact.cause)} />
        <Fact name="Waited" value={clock(contact.waited_seconds)} />
        <Fact name="Talked" value={clock(contact.talk_seconds)} />
        <Fact name="Id" value={<code>{contact.id}</code>} />
      </dl>
      {contact.channel === "voicemail" && <Message id={contact.id} />}
      <Segments contact={contact} names={names} />
      <Recordings contact={contact.id} names={names} />
      {isSupervisor(session) && <Decisions key={contact.id} contact={contact.id} names={names} />}
      <h3 className="card-subtitle">Note</h3>
      <p className={contact.note === "" ? "quiet" : "history-note"}>{contact.note || "No note."}</p>
      <h3 className="card-subtitle">Answers</h3>
      {contact.answers.length === 0 ? (
        <p className="quiet">No dialog was led.</p>
      ) : (
        <dl className="facts facts-stacked" data-testid="contact-answers">
          {contact.answers.map(([question, answer]) => (
            <Fact key={question} name={question} value={answer} />
          ))}
        </dl>
      )}
      <Trail lines={contact.trail.filter((line) => TOLD[line.event] !== undefined)} names={names} />
    </>
  );
}

/** What the caller said, where the contact is a message. */
function Message({ id }: { id: string }) {
  const [line, setLine] = useState<VoicemailLine | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    readVoicemail(id, abort.signal).then(setLine, (error: unknown) => {
      if (!abort.signal.aborted) setProblem(messageOf(error));
    });
    return () => abort.abort();
  }, [id]);
  return (
    <>
      <h3 className="card-subtitle">Message</h3>
      {problem !== "" && <p role="alert">{problem}</p>}
      {line !== null && <MessageSound line={line} />}
    </>
  );
}

const CAME_BY: Record<string, string> = {
  queue: "the queue",
  transfer: "a transfer",
  consult: "a consultation",
  "take-over": "taking over",
};

/** Who had the contact: shown where it was not one agent alone. */
function Segments({ contact, names }: { contact: Contact; names: Names }) {
  if (contact.segments.length < 2) return null;
  return (
    <>
      <h3 className="card-subtitle">Who had it, and for how long</h3>
      <table className="trail-table" data-testid="contact-segments">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Through</th>
            <th scope="col">Talked</th>
            <th scope="col">Hold</th>
            <th scope="col">Consulted</th>
            <th scope="col">Given to</th>
          </tr>
        </thead>
        <tbody>
          {contact.segments.map((segment) => (
            <tr key={`${segment.agent ?? segment.number} ${segment.connected_at} ${segment.ended_at}`}>
              <td>{segment.agent === null ? segment.number : names.agent(segment.agent)}</td>
              <td>
                {CAME_BY[segment.purpose]}
                {segment.by !== null && ` by ${names.agent(segment.by)}`}
              </td>
              <td>{clock(segment.talk_seconds)}</td>
              <td>{clock(segment.hold_seconds)}</td>
              <td>{clock(segment.consult_seconds)}</td>
              <td>{segment.given_to || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** What people want to know of a dialog; what was shown and skipped is left to the API. */
const TOLD: Partial<Record<string, string>> = {
  started: "began",
  answered: "answered",
  changed: "changed",
  back: "went back",
  "taken-over": "went on here",
  consent: "consent",
  failed: "failed",
  migrated: "moved to another version",
};

function Trail({ lines, names }: { lines: readonly TrailLine[]; names: Names }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h3 className="card-subtitle">Who was asked what, where and when</h3>
      <table className="trail-table" data-testid="contact-trail">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Where</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.at} ${line.event} ${line.item}`}>
              <td>{FULL.format(new Date(line.at))}</td>
              <td>{line.channel}</td>
              <td>{line.by === "" ? "customer" : names.agent(line.by)}</td>
              <td>
                {line.item} {TOLD[line.event]}
                {toldOf(line)} {line.file !== "" && <AnswerFile src={line.file} name={line.new} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function toldOf(line: TrailLine): string {
  if (line.masked) return ": private";
  if (line.event === "changed") return `: ${line.old} → ${line.new}`;
  const told = [line.text, line.new].filter((part) => part !== "").join(" ");
  return told === "" ? "" : `: ${told}`;
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function messageOf(error: unknown): string {
  if (error instanceof ApiProblem && error.status === 404) return "There is no such contact.";
  return problemText(error);
}
