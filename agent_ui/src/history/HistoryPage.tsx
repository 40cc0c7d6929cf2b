/** Contacts of the past: a table by day and by what is known of them, and one contact with its answers. */

import { Loader } from "@mantine/core";
import { useEffect, useRef } from "react";
import { readContacts } from "../api";
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
import { ZoneNote } from "../parts/ZoneNote";
import type { ContactLine, ContactPage } from "../protocol";
import { type Answer, isOld } from "../state/answer";
import { localDay } from "../state/days";
import { clock, moment } from "../state/durations";
import {
  addressOf,
  filterNamed,
  filterOf,
  type HistoryFilter,
  isNarrowed,
  PAGE_SIZE,
  questionOf,
} from "../state/history";
import { ContactDetail } from "./ContactDetail";
import { ContactFilters } from "./ContactFilters";
import { EMPTY_NAMES, filterText, type Names, namesOf, outcomeText } from "./names";

/** What days that are no range are answered with. */
const NOTHING = new Promise<never>(() => undefined);

export default function HistoryPage({ contact }: { contact: string | null }) {
  const search = useSearch();
  const filter = filterOf(search, localDay(new Date()));
  const centre = useCentre();
  const names = centre === null ? EMPTY_NAMES : namesOf(centre);
  const question = questionOf(filter);
  const [answer, again] = useAnswer(question ?? "", (signal) =>
    question === null ? NOTHING : readContacts(question, signal),
  );
  const refused = answer.value === null ? filterNamed(answer.part) : null;
  const list = useRef<HTMLElement>(null);
  useFocusBack(list, contact);
  return (
    <Shell title="History">
      <div className="history-page" data-detail={contact !== null}>
        <section className="card" aria-labelledby="history-title" ref={list}>
          <ContactFilters
            address={search}
            filter={filter}
            contact={contact}
            centre={centre}
            problem={{ name: refused, text: answer.problem }}
            again={again}
          />
          {question === null ? (
            <p className="empty empty-small" data-testid="history-no-range">
              These days are no range.
            </p>
          ) : refused !== null ? (
            <p className="empty empty-small" role="alert" data-testid="history-refused">
              {answer.problem}
            </p>
          ) : (
            <Contacts answer={answer} again={again} filter={filter} names={names} selected={contact} />
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

interface ContactsProps {
  answer: Answer<ContactPage>;
  again: () => void;
  filter: HistoryFilter;
  names: Names;
  selected: string | null;
}

function Contacts({ answer, again, filter, names, selected }: ContactsProps) {
  const contacts = answer.value?.contacts ?? [];
  const failed = answer.value === null && answer.problem !== "";
  return (
    <div className="fresh-area" data-stale={isOld(answer)} data-testid="history-list">
      <Unreadable what="The contacts" answer={answer} again={again} testid="history-failed" />
      {!failed && (
        <>
          <div className="list-head">
            <span className="list-head-space">
              {isNarrowed(filter) && (
                <span
                  className="narrowed"
                  data-testid="history-narrowed"
                >{`Only ${filterText(filter, names)}.`}</span>
              )}
              <ZoneNote />
            </span>
            <Reload answer={answer} again={again} testid="history-reload" />
          </div>
          <ContactsTable
            contacts={contacts}
            loading={answer.value === null}
            busy={answer.loading}
            empty={emptyText(filter, names)}
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

function emptyText(filter: HistoryFilter, names: Names): string {
  if (isNarrowed(filter)) return `Nothing found with these filters: ${filterText(filter, names)}.`;
  return filter.from === filter.to ? "No contacts on this day." : "No contacts in these days.";
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
