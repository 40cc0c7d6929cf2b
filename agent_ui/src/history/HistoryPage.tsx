/** Contacts of the past: a table by day, and one contact with its answers. */

import { Button, Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import { problemText, readContacts } from "../api";
import { DayInputs } from "../parts/DayInputs";
import { Pager } from "../parts/Pager";
import { RouteLink } from "../parts/RouteLink";
import { Shell } from "../parts/Shell";
import { TableScroll } from "../parts/TableScroll";
import { useCentre } from "../parts/useCentre";
import type { ContactLine, ContactPage } from "../protocol";
import { localDay, rangeOf } from "../state/days";
import { clock, moment } from "../state/durations";
import { ContactDetail } from "./ContactDetail";
import { EMPTY_NAMES, type Names, namesOf, outcomeText } from "./names";

const PAGE_SIZE = 50;

type Loaded = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "page"; page: ContactPage };

export default function HistoryPage({ contact }: { contact: string | null }) {
  const [from, setFrom] = useState(() => localDay(new Date()));
  const [to, setTo] = useState(() => localDay(new Date()));
  const [offset, setOffset] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  const centre = useCentre();
  const names = centre === null ? EMPTY_NAMES : namesOf(centre);
  const range = rangeOf(from, to);
  const since = range?.since ?? null;
  const until = range?.until ?? null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again for the same
  useEffect(() => {
    if (since === null || until === null) return;
    const abort = new AbortController();
    setLoaded({ kind: "loading" });
    readContacts({ since, until, limit: PAGE_SIZE, offset }, abort.signal).then(
      (page) => setLoaded({ kind: "page", page }),
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded({ kind: "failed", message: problemText(error) });
      },
    );
    return () => abort.abort();
  }, [since, until, offset, attempt]);

  const changeRange = (change: () => void) => {
    change();
    setOffset(0);
  };
  return (
    <Shell title="History">
      <div className="history-page" data-detail={contact !== null}>
        <section className="card" aria-labelledby="history-title">
          <div className="history-head">
            <h1 id="history-title" className="page-title">
              Contacts
            </h1>
            <DayInputs
              from={from}
              to={to}
              fits={range !== null}
              onChange={(days) =>
                changeRange(() => {
                  setFrom(days.from ?? from);
                  setTo(days.to ?? to);
                })
              }
              testid="history"
            />
            <Button variant="default" onClick={() => setAttempt(attempt + 1)} data-testid="history-reload">
              Reload
            </Button>
          </div>
          <ContactsTable
            loaded={loaded}
            names={names}
            selected={contact}
            again={() => setAttempt(attempt + 1)}
          />
          <Pager
            label="Pages of contacts"
            offset={offset}
            shown={loaded.kind === "page" ? loaded.page.contacts.length : 0}
            more={loaded.kind === "page" && loaded.page.more}
            size={PAGE_SIZE}
            go={setOffset}
          />
        </section>
        {contact !== null && <ContactDetail key={contact} id={contact} names={names} />}
      </div>
    </Shell>
  );
}

interface ContactsTableProps {
  loaded: Loaded;
  names: Names;
  selected: string | null;
  again: () => void;
}

function ContactsTable({ loaded, names, selected, again }: ContactsTableProps) {
  if (loaded.kind === "failed") {
    return (
      <div className="empty empty-small" role="alert" data-testid="history-failed">
        <p className="empty-title">The contacts cannot be shown</p>
        <p>{loaded.message}</p>
        <Button onClick={again}>Try again</Button>
      </div>
    );
  }
  const contacts = loaded.kind === "page" ? loaded.page.contacts : [];
  const now = Date.now();
  return (
    <TableScroll label="Contacts" busy={loaded.kind === "loading"}>
      <table className="table" data-testid="contacts">
        <thead>
          <tr>
            <th scope="col">Arrived</th>
            <th scope="col">Caller</th>
            <th scope="col">Queue</th>
            <th scope="col">Agent</th>
            <th scope="col">Outcome</th>
            <th scope="col" data-numeric="true">
              Waited
            </th>
            <th scope="col" data-numeric="true">
              Talked
            </th>
          </tr>
        </thead>
        <tbody>
          {contacts.map((line) => (
            <ContactRow key={line.id} line={line} names={names} now={now} selected={line.id === selected} />
          ))}
          {contacts.length === 0 && (
            <tr>
              <td colSpan={7} className="table-empty" data-testid="contacts-empty">
                {loaded.kind === "loading" ? (
                  <Loader size="sm" aria-label="Loading" />
                ) : (
                  "No contacts in these days."
                )}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </TableScroll>
  );
}

interface ContactRowProps {
  line: ContactLine;
  names: Names;
  now: number;
  selected: boolean;
}

function ContactRow({ line, names, now, selected }: ContactRowProps) {
  return (
    <tr data-testid="contact-row" data-id={line.id} data-selected={selected}>
      <td>
        <RouteLink
          to={`/history/${encodeURIComponent(line.id)}`}
          aria-current={selected ? "true" : undefined}
        >
          {moment(line.arrived_at, now)}
        </RouteLink>
      </td>
      <td className="figure">{line.caller_number || "withheld"}</td>
      <td>{names.queue(line.queue)}</td>
      <td>{names.agent(line.agent)}</td>
      <td>{outcomeText(line, names)}</td>
      <td data-numeric="true">{line.queue_outcome === "" ? "–" : clock(line.waited_seconds)}</td>
      <td data-numeric="true">{line.talk_seconds > 0 ? clock(line.talk_seconds) : "–"}</td>
    </tr>
  );
}
