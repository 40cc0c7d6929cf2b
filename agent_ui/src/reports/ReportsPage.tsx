/** What happened, in figures: one report, of some days, to be looked at and to be kept as a file. For supervisors. */

import { Button, Loader, NativeSelect } from "@mantine/core";
import type { FormEvent } from "react";
import { readCentre, readReport, readReportFormats, readReports } from "../api";
import { DayInputs } from "../parts/DayInputs";
import { Reload } from "../parts/Reload";
import { RouteLink } from "../parts/RouteLink";
import { navigate, useSearch } from "../parts/routing";
import { Shell } from "../parts/Shell";
import { Unreadable } from "../parts/Unreadable";
import { useAnswer } from "../parts/useAnswer";
import { useDraft } from "../parts/useDraft";
import type { CentreSummary, ReportFormatSummary, ReportSummary } from "../protocol";
import { isOld } from "../state/answer";
import { dayIn, rangeOf } from "../state/days";
import { addressOf, choiceOf, periodsOf, queryOf, type ReportChoice } from "../state/reports";
import { ReportDownload } from "./ReportDownload";
import { ReportTable } from "./ReportTable";

interface Offered {
  reports: readonly ReportSummary[];
  formats: readonly ReportFormatSummary[];
  centre: CentreSummary;
}

export default function ReportsPage() {
  const [offered, again] = useAnswer("what there is", readOffered);
  const value = offered.value;
  return (
    <Shell title="Reports">
      <section className="card" aria-labelledby="reports-title" data-testid="reports">
        <h1 id="reports-title" className="page-title">
          Reports
        </h1>
        {value === null && offered.loading && offered.problem === "" && (
          <Loader size="sm" aria-label="Loading" />
        )}
        <Unreadable what="Reports" answer={offered} again={again} testid="reports-failed" />
        {value !== null && <Chosen offered={value} />}
      </section>
    </Shell>
  );
}

async function readOffered(signal: AbortSignal): Promise<Offered> {
  const [reports, formats, centre] = await Promise.all([
    readReports(signal),
    readReportFormats(signal),
    readCentre(signal),
  ]);
  return { reports, formats, centre };
}

function Chosen({ offered }: { offered: Offered }) {
  const search = useSearch();
  const zone = offered.centre.timezone;
  const today = dayIn(zone, Date.now());
  const first = offered.reports[0];
  if (first === undefined) {
    return (
      <p className="empty empty-small" data-testid="reports-none">
        There are no reports. They are files in the folder “reports” of the server.
      </p>
    );
  }
  const choice = choiceOf(search, first.id, today);
  const query = queryOf(choice, zone);
  if (query === null) {
    return <ChoiceForm address={search} choice={choice} offered={offered} today={today} problem="" />;
  }
  return <Made address={search} choice={choice} query={query} offered={offered} today={today} />;
}

interface MadeProps {
  address: string;
  choice: ReportChoice;
  query: string;
  offered: Offered;
  today: string;
}

function Made({ address, choice, query, offered, today }: MadeProps) {
  const [answer, again] = useAnswer(`${choice.report}?${query}`, (signal) =>
    readReport(choice.report, query, signal),
  );
  // What is wrong with the days stands beside them.
  const wrongDays = answer.value === null && answer.part === "since";
  return (
    <>
      <ChoiceForm
        address={address}
        choice={choice}
        offered={offered}
        today={today}
        problem={wrongDays ? answer.problem : ""}
      />
      <div className="fresh-area" data-stale={isOld(answer)} data-testid="report-area">
        {!wrongDays && <Unreadable what="The report" answer={answer} again={again} testid="report-failed" />}
        {answer.value === null && answer.loading && <Loader size="sm" aria-label="Making the report" />}
        {answer.value !== null && (
          <>
            <p className="quiet">{answer.value.about}</p>
            <ReportTable table={answer.value} />
            <div className="list-head">
              <Reload answer={answer} again={again} testid="report-reload" />
            </div>
            <ReportDownload report={choice.report} query={query} formats={offered.formats} />
          </>
        )}
      </div>
    </>
  );
}

interface ChoiceFormProps {
  /** What is typed is thrown away when it changes. */
  address: string;
  choice: ReportChoice;
  offered: Offered;
  today: string;
  /** What the server says is wrong with the days. */
  problem: string;
}

function ChoiceForm({ address, choice, offered, today, problem }: ChoiceFormProps) {
  const [draft, change] = useDraft(address, choice);
  const { timezone, queues } = offered.centre;
  const fits = rangeOf(draft.from, draft.to, timezone) !== null;
  const show = (event: FormEvent) => {
    event.preventDefault();
    if (fits) navigate(addressOf(draft));
  };
  return (
    <>
      <form className="history-head" onSubmit={show} data-testid="report-choice">
        <NativeSelect
          label="Report"
          value={draft.report}
          data={offered.reports.map((each) => ({ value: each.id, label: each.name }))}
          onChange={(event) => change({ report: event.currentTarget.value })}
          data-testid="report-name"
        />
        <DayInputs
          from={draft.from}
          to={draft.to}
          fits={fits}
          problem={problem}
          onChange={change}
          testid="report"
        />
        <NativeSelect
          label="Queue"
          value={draft.queue}
          data={[{ value: "", label: "All" }, ...queues.map(({ id, name }) => ({ value: id, label: name }))]}
          onChange={(event) => change({ queue: event.currentTarget.value })}
          data-testid="report-queue"
        />
        <Button type="submit" disabled={!fits} data-testid="report-show">
          Show
        </Button>
      </form>
      <nav className="periods" aria-label="Days that are asked for often">
        {periodsOf(today).map(({ name, from, to }) => (
          <RouteLink
            key={name}
            className="link-alone"
            to={addressOf({ ...draft, from, to })}
            aria-current={from === choice.from && to === choice.to ? "true" : undefined}
          >
            {name}
          </RouteLink>
        ))}
        <span className="quiet">{`Days and hours are those of ${timezone}.`}</span>
      </nav>
    </>
  );
}
