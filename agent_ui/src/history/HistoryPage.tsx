/** Contacts of the past: a table by day, and one contact with its answers. */

import { Loader } from "@mantine/core";
import { useEffect, useRef } from "react";
import { readContacts } from "../api";
import { DayInputs } from "../parts/DayInputs";
import { focusIsLost } from "../parts/focus";
import { Pager } from "../parts/Pager";
import { Reload } from "../parts/Reload";
import { RouteLink } from "../parts/RouteLink";
import { navigate, useSearch } from "../parts/routing";
import { Shell } from "../parts/Shell";
import { TableScroll } from "../parts/TableScroll";
import { Unreadable } from "../parts/Unreadable";
import { useAnswer } from "../parts/useAnswer";
import { useCentre } from "../parts/useCentre";
import { useDraft } from "../parts/useDraft";
import { ZoneNote } from "../parts/ZoneNote";
import type { ContactLine } from "../protocol";
import { isOld } from "../state/answer";
import { localDay, rangeOf } from "../state/days";
import { clock, moment } from "../state/durations";
import { addressOf, filterOf, type HistoryFilter, PAGE_SIZE, questionOf } from "../state/history";
import { ContactDetail } from "./ContactDetail";
import { EMPTY_NAMES, type Names, namesOf, outcomeText } from "./names";

export default function HistoryPage({ contact }: { contact: string | null }) {
  const filter = filterOf(useSearch(), localDay(new Date()));
  const centre = useCentre();
  const names = centre === null ? EMPTY_NAMES : namesOf(centre);
  const question = questionOf(filter);
  const list = useRef<HTMLElement>(null);
  useFocusBack(list, contact);
  return (
    <Shell title="History">
      <div className="history-page" data-detail={contact !== null}>
        <section className="card" aria-labelledby="history-title" ref={list}>
          <Days filter={filter} contact={contact} />
          {question === null ? (
            <p className="empty empty-small" data-testid="history-no-range">
              These days are no range.
            </p>
          ) : (
            <Contacts question={question} filter={filter} names={names} selected={contact} />
          )}
        </section>
        {contact !== null && (
          <ContactDetail key={contact} id={contact} names={names} close={() => navigate(addressOf(filter))} />
        )}
      </div>
    </Shell>
  );
}

/** Whoever closes a contact goes on where it stands in the list. */
function useFocusBack(list: { current: HTMLElement | null }, contact: string | null) {
  const before = useRef(contact);
  useEffect(() => {
    const closed = contact === null ? before.current : null;
    before.current = contact;
    if (closed === null || !focusIsLost()) return;
    const row = list.current?.querySelector(`[data-id="${CSS.escape(closed)}"] a`);
    const goal = row ?? list.current?.querySelector("h1");
    if (goal instanceof HTMLElement) goal.focus();
  }, [list, contact]);
}

/** The address has the days as soon as they are a range: a reload, the back button and colleagues get the same. */
function Days({ filter, contact }: { filter: HistoryFilter; contact: string | null }) {
  const search = useSearch();
  const [draft, change] = useDraft(search, filter);
  const changed = (days: Partial<HistoryFilter>) => {
    const wanted = { ...draft, ...days, offset: 0 };
    change(wanted);
    if (rangeOf(wanted.from, wanted.to) === null) return;
    navigate(addressOf(wanted, contact), true);
  };
  return (
    <div className="history-head">
      <h1 id="history-title" className="page-title" tabIndex={-1}>
        Contacts
      </h1>
      <DayInputs
        from={draft.from}
        to={draft.to}
        fits={rangeOf(draft.from, draft.to) !== null}
        onChange={changed}
        testid="history"
      />
    </div>
  );
}

interface ContactsProps {
  question: string;
  filter: HistoryFilter;
  names: Names;
  selected: string | null;
}

function Contacts({ question, filter, names, selected }: ContactsProps) {
  const [answer, again] = useAnswer(question, (signal) => readContacts(question, signal));
  const contacts = answer.value?.contacts ?? [];
  const failed = answer.value === null && answer.problem !== "";
  return (
    <div className="fresh-area" data-stale={isOld(answer)} data-testid="history-list">
      <Unreadable what="The contacts" answer={answer} again={again} testid="history-failed" />
      {!failed && (
        <>
          <div className="list-head">
            <span className="list-head-space">
              <ZoneNote />
            </span>
            <Reload answer={answer} again={again} testid="history-reload" />
          </div>
          <ContactsTable
            contacts={contacts}
            loading={answer.value === null}
            busy={answer.loading}
            empty={filter.from === filter.to ? "No contacts on this day." : "No contacts in these days."}
            names={names}
            filter={filter}
            selected={selected}
          />
        </>
      )}
      <Pager
        label="Pages of contacts"
        offset={filter.offset}
        shown={contacts.length}
        more={answer.value?.more === true}
        busy={answer.value === null && answer.loading}
        size={PAGE_SIZE}
        go={(offset) => navigate(addressOf({ ...filter, offset }, selected))}
      />
    </div>
  );
}

interface ContactsTableProps {
  contacts: readonly ContactLine[];
  /** Nothing is known yet. */
  loading: boolean;
  busy: boolean;
  empty: string;
  names: Names;
  filter: HistoryFilter;
  selected: string | null;
}

function ContactsTable({ contacts, loading, busy, empty, names, filter, selected }: ContactsTableProps) {
  const now = Date.now();
  return (
    <TableScroll label="Contacts" busy={busy}>
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
            <ContactRow
              key={line.id}
              line={line}
              names={names}
              filter={filter}
              now={now}
              selected={line.id === selected}
            />
          ))}
          {contacts.length === 0 && (
            <tr>
              <td colSpan={7} className="table-empty" data-testid="contacts-empty">
                {loading ? <Loader size="sm" aria-label="Loading" /> : empty}
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
  filter: HistoryFilter;
  now: number;
  selected: boolean;
}

function ContactRow({ line, names, filter, now, selected }: ContactRowProps) {
  return (
    <tr data-testid="contact-row" data-id={line.id} data-selected={selected}>
      <td>
        <RouteLink to={addressOf(filter, line.id)} aria-current={selected ? "true" : undefined}>
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
