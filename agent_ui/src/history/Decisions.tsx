/** Why the contact was offered to whom, decision by decision, and whether today's rules would choose the same. */

import { Button, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { decideAgain, problemText, readDecisions } from "../api";
import type { DecidedAgain, Decision } from "../protocol";
import { clock } from "../state/durations";
import { figureText, leftOutText, neededText, policyText, presencesText, rankText } from "../state/why";
import type { Names } from "./names";

type Loaded =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "decisions"; decisions: Decision[] };

export function Decisions({ contact, names }: { contact: string; names: Names }) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  useEffect(() => {
    const abort = new AbortController();
    readDecisions(contact, abort.signal).then(
      (decisions) => setLoaded({ kind: "decisions", decisions }),
      (error: unknown) => {
        if (!abort.signal.aborted)
          setLoaded({ kind: "failed", message: problemText(error, "The decisions cannot be shown.") });
      },
    );
    return () => abort.abort();
  }, [contact]);
  return (
    <>
      <h3 className="card-subtitle">Why this agent?</h3>
      {loaded.kind === "loading" && <Loader size="sm" aria-label="Loading decisions" />}
      {loaded.kind === "failed" && <p role="alert">{loaded.message}</p>}
      {loaded.kind === "decisions" && loaded.decisions.length === 0 && (
        <p className="quiet" data-testid="decisions-empty">
          No rule chose anybody: it never came out of a queue to an agent.
        </p>
      )}
      {loaded.kind === "decisions" && loaded.decisions.length > 0 && (
        <WithReplay contact={contact} decisions={loaded.decisions} names={names} />
      )}
    </>
  );
}

type Replay =
  | { kind: "none" }
  | { kind: "busy" }
  | { kind: "failed"; message: string }
  | { kind: "again"; again: DecidedAgain[] };

function WithReplay({ contact, decisions, names }: { contact: string; decisions: Decision[]; names: Names }) {
  const [replay, setReplay] = useState<Replay>({ kind: "none" });
  const ask = () => {
    setReplay({ kind: "busy" });
    decideAgain(contact).then(
      (again) => setReplay({ kind: "again", again }),
      (error: unknown) =>
        setReplay({ kind: "failed", message: problemText(error, "The decisions cannot be shown.") }),
    );
  };
  const againOf = (decision: Decision) =>
    replay.kind === "again"
      ? replay.again.find(({ then }) => then.at === decision.at && then.agent === decision.agent)
      : undefined;
  return (
    <div data-testid="decisions">
      {decisions.map((decision) => (
        <Whole
          key={`${decision.at} ${decision.agent}`}
          decision={decision}
          again={againOf(decision)}
          names={names}
        />
      ))}
      <Button
        variant="default"
        size="sm"
        loading={replay.kind === "busy"}
        onClick={ask}
        data-testid="decide-again"
      >
        Replay with today’s rules
      </Button>
      <p role={replay.kind === "failed" ? "alert" : "status"} data-testid="decide-again-status">
        {replay.kind === "failed" && replay.message}
        {replay.kind === "again" && summaryOf(replay.again)}
      </p>
    </div>
  );
}

function summaryOf(again: readonly DecidedAgain[]): string {
  const other = again.filter((one) => !one.same).length;
  if (again.length === 0) return "The journal does not tell enough to decide again.";
  if (other === 0) return "Today’s rules choose the same.";
  return again.length === 1
    ? "Today’s rules choose otherwise."
    : `Today’s rules choose otherwise in ${other} of ${again.length} decisions.`;
}

interface WholeProps {
  decision: Decision;
  again: DecidedAgain | undefined;
  names: Names;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function Whole({ decision, again, names }: WholeProps) {
  return (
    <details className="why" data-testid="decision">
      <summary>
        <b>{names.agent(decision.agent)}</b> at {TIME.format(new Date(decision.at))}:{" "}
        {policyText(decision.policy)}
        {decision.step > 0 && `; step ${decision.step}`}
        {decision.rule > 0 && `; rule ${decision.rule}`}
        {again !== undefined && <Verdict again={again} names={names} />}
      </summary>
      <dl className="facts facts-wide">
        <Fact name="Queue">{names.queue(decision.queue)}</Fact>
        <Fact name="Waited">{clock(decision.waited_seconds)}</Fact>
        <Fact name="Priority">{decision.priority}</Fact>
        <Fact name="Needed">{neededText(decision, names.skill)}</Fact>
        {decision.also.length > 0 && (
          <Fact name="Agents asked, too">{decision.also.map(names.queue).join(", ")}</Fact>
        )}
        {decision.value !== null && <Fact name="Worth">{decision.value.toFixed(2)}</Fact>}
        <Fact name="Agents of the queue">{presencesText(decision.presences) || "–"}</Fact>
      </dl>
      <Candidates decision={decision} names={names} />
      <LeftOut decision={decision} names={names} />
    </details>
  );
}

function Verdict({ again, names }: { again: DecidedAgain; names: Names }) {
  const text = again.same
    ? "the same today"
    : again.now === null
      ? "today it would wait on"
      : `today: ${names.agent(again.now.agent)}`;
  return (
    <>
      {" "}
      <span className="why-verdict" data-same={again.same} data-testid="decision-verdict">
        {text}
        {!again.certain && " (as far as the journal tells; rules look at answers, too)"}
      </span>
    </>
  );
}

function Candidates({ decision, names }: { decision: Decision; names: Names }) {
  return (
    <table className="trail-table" data-testid="decision-candidates">
      <caption>Candidates, the best first</caption>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Rank</th>
          <th scope="col">{policyText(decision.policy)}</th>
        </tr>
      </thead>
      <tbody>
        {decision.candidates.map((candidate) => (
          <tr key={candidate.agent}>
            <td>{names.agent(candidate.agent)}</td>
            <td>{rankText(candidate.rank)}</td>
            <td>{figureText(decision.policy, candidate.figure, decision.at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LeftOut({ decision, names }: { decision: Decision; names: Names }) {
  if (decision.left_out.length === 0) return <p className="quiet">Nobody of the queue was left out.</p>;
  return (
    <table className="trail-table" data-testid="decision-left-out">
      <caption>Left out</caption>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {decision.left_out.map((left) => (
          <tr key={left.agent}>
            <td>{names.agent(left.agent)}</td>
            <td>{leftOutText(left, names.reason, names.skill)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
