/** Who heard, downloaded, held or deleted recordings, of all contacts: for supervisors those of their queues. */

import { Button, Loader, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef } from "react";
import { readAccessLog } from "../api";
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
import type { LoggedAccessLine } from "../protocol";
import {
  addressOf,
  didText,
  doerText,
  filterOf,
  type LogFilter,
  PAGE_SIZE,
  questionOf,
} from "../state/accessLog";
import { isOld } from "../state/answer";
import { localDay, rangeOf } from "../state/days";
import { EMPTY_NAMES, type Names, namesOf } from "./names";

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export default function AccessLogPage() {
  const search = useSearch();
  const filter = filterOf(search, localDay(new Date()));
  const centre = useCentre();
  const names = centre === null ? EMPTY_NAMES : namesOf(centre);
  return (
    <Shell title="Access log">
      <section className="card" aria-labelledby="access-log-title" data-testid="access-log">
        <FilterForm address={search} filter={filter} people={centre?.agents.map((agent) => agent.id) ?? []} />
        <Log filter={filter} names={names} />
      </section>
    </Shell>
  );
}

interface FilterFormProps {
  /** What is typed is thrown away when it changes. */
  address: string;
  filter: LogFilter;
  people: readonly string[];
}

/** What is typed here counts when it is sent off: the address then has it, for the back button and for colleagues. */
function FilterForm({ address, filter, people }: FilterFormProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [draft, change] = useDraft(address, filter);
  const fits = rangeOf(draft.from, draft.to) !== null;
  // A link in the list that narrowed it is gone with the old lines: whoever used the keyboard goes on from here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each address is another list
  useEffect(() => {
    if (focusIsLost()) heading.current?.focus();
  }, [address]);
  const show = (event: FormEvent) => {
    event.preventDefault();
    if (fits)
      navigate(addressOf({ ...draft, by: draft.by.trim(), contact: draft.contact.trim(), offset: 0 }));
  };
  return (
    <form className="history-head" onSubmit={show} data-testid="access-log-filter">
      <h1 id="access-log-title" className="page-title" ref={heading} tabIndex={-1}>
        Who listened to recordings
      </h1>
      <DayInputs from={draft.from} to={draft.to} fits={fits} onChange={change} testid="access-log" />
      <TextInput
        label="Who, or part of the name"
        placeholder="Everybody"
        list="access-log-people"
        maxLength={128}
        autoComplete="off"
        value={draft.by}
        onChange={(event) => change({ by: event.currentTarget.value })}
        data-testid="access-log-by"
      />
      <datalist id="access-log-people">
        {people.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <TextInput
        label="Contact’s id"
        placeholder="Any"
        maxLength={128}
        autoComplete="off"
        value={draft.contact}
        onChange={(event) => change({ contact: event.currentTarget.value })}
        data-testid="access-log-contact"
      />
      <Button type="submit" disabled={!fits} data-testid="access-log-show">
        Show
      </Button>
    </form>
  );
}

function Log({ filter, names }: { filter: LogFilter; names: Names }) {
  const question = questionOf(filter);
  if (question === null) {
    return (
      <p className="empty empty-small" data-testid="access-log-no-range">
        These days are no range.
      </p>
    );
  }
  return <Lines question={question} filter={filter} names={names} />;
}

function Lines({ question, filter, names }: { question: string; filter: LogFilter; names: Names }) {
  const [answer, again] = useAnswer(question, (signal) => readAccessLog(question, signal));
  const found = answer.value ?? [];
  const shown = found.slice(0, PAGE_SIZE);
  const failed = answer.value === null && answer.problem !== "";
  return (
    <div className="fresh-area" data-stale={isOld(answer)} data-testid="access-log-lines">
      <Unreadable what="The log" answer={answer} again={again} testid="access-log-failed" />
      {!failed && (
        <>
          <div className="list-head">
            <Filtered filter={filter} />
            <ZoneNote />
            <Reload answer={answer} again={again} testid="access-log-reload" />
          </div>
          <Table
            lines={shown}
            loading={answer.value === null}
            busy={answer.loading}
            filter={filter}
            names={names}
          />
        </>
      )}
      <Pager
        label="Pages of the log"
        offset={filter.offset}
        shown={shown.length}
        more={found.length > PAGE_SIZE}
        busy={answer.value === null && answer.loading}
        size={PAGE_SIZE}
        go={(offset) => navigate(addressOf({ ...filter, offset }))}
      />
    </div>
  );
}

/** What the lines are narrowed to, with a way back to all. */
function Filtered({ filter }: { filter: LogFilter }) {
  if (filter.by === "" && filter.contact === "") return <span className="list-head-space" />;
  const parts = [
    filter.by === "" ? "" : `names with “${filter.by}”`,
    filter.contact === "" ? "" : `contact ${filter.contact}`,
  ];
  return (
    <span className="list-head-space" data-testid="access-log-narrowed">
      {`Only ${parts.filter((part) => part !== "").join(", ")}. `}
      <RouteLink to={addressOf({ ...filter, by: "", contact: "", offset: 0 })}>Show all</RouteLink>
    </span>
  );
}

interface TableProps {
  lines: readonly LoggedAccessLine[];
  /** Nothing is known yet. */
  loading: boolean;
  busy: boolean;
  filter: LogFilter;
  names: Names;
}

const HEADS = ["When", "Who", "What", "Contact", "Agent", "Queue", "Why"];

function Table({ lines, loading, busy, filter, names }: TableProps) {
  return (
    <TableScroll label="Who did what with recordings" busy={busy}>
      <table className="table" data-testid="access-log-table">
        <caption className="visually-hidden">Who did what with recordings, newest first</caption>
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <AccessRow key={keyOf(line)} line={line} filter={filter} names={names} />
          ))}
          {lines.length === 0 && (
            <tr>
              <td colSpan={HEADS.length} className="table-empty" data-testid="access-log-empty">
                {loading ? <Loader size="sm" aria-label="Loading" /> : emptyText(filter)}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </TableScroll>
  );
}

function AccessRow({ line, filter, names }: { line: LoggedAccessLine; filter: LogFilter; names: Names }) {
  return (
    <tr data-testid="access-log-row" data-what={line.what}>
      <td className="figure">{FULL.format(new Date(line.at))}</td>
      <td>
        {line.by === "" || line.by === filter.by ? (
          doerText(line.by)
        ) : (
          <RouteLink
            to={addressOf({ ...filter, by: line.by, offset: 0 })}
            aria-label={`Only names with “${line.by}”`}
            title={`Only names with “${line.by}”`}
          >
            {line.by}
          </RouteLink>
        )}
      </td>
      <td>{didText(line.what)}</td>
      <td>
        <RouteLink to={`/history/${encodeURIComponent(line.contact)}`}>{line.contact}</RouteLink>
        {line.part > 0 && <span className="quiet">{` part ${line.part}`}</span>}
      </td>
      <td>{line.agent === null && line.queue !== "" ? "outside" : names.agent(line.agent)}</td>
      <td>{names.queue(line.queue)}</td>
      <td>{line.reason || "–"}</td>
    </tr>
  );
}

function keyOf(line: LoggedAccessLine): string {
  return `${line.at} ${line.recording} ${line.by} ${line.what}`;
}

function emptyText(filter: LogFilter): string {
  if (filter.offset > 0) return "Nothing older.";
  if (filter.by !== "" || filter.contact !== "") return "Nothing of that in these days.";
  return "Nobody did anything with a recording in these days.";
}
