/** Why this contact came to this agent: one line, which opens to the whole of it. */

import type { ReactNode } from "react";
import type { WhyView } from "../protocol";
import { clock } from "../state/durations";
import { figureText, policyText, presencesText, rankText, whyLine } from "../state/why";

export function WhyPanel({ why, queue }: { why: WhyView | null; queue: string }) {
  if (why === null) return null;
  return (
    <details className="why" data-testid="why">
      <summary>
        <b>Why me?</b> <span data-testid="why-line">{whyLine(why)}</span>
      </summary>
      <Details why={why} queue={queue} />
    </details>
  );
}

function Details({ why, queue }: { why: WhyView; queue: string }) {
  return (
    <dl className="facts facts-wide" data-testid="why-details">
      <Fact name="Waited when it was decided">{clock(why.waited_seconds)}</Fact>
      <Fact name="Priority">{why.priority}</Fact>
      <Fact name={`Your rank for ${queue}`}>{rankText(why.rank)}</Fact>
      <Fact name="Chosen by">
        {policyText(why.policy)}
        {why.figure !== null && `: you were ${figureText(why.policy, why.figure, why.decided_at)}`}
      </Fact>
      <Fact name="Needed">
        {why.skills.length === 0
          ? "no skill"
          : why.skills.map((skill) => `${skill.name} ${skill.needed} (you: ${skill.level})`).join(", ")}
      </Fact>
      {why.steps > 0 && (
        <Fact name="Step">
          {why.step === 0 ? "what the queue asks for at first" : `${why.step} of ${why.steps}`}
        </Fact>
      )}
      {why.rule > 0 && <Fact name="Rule of the queue">{why.rule}</Fact>}
      {why.also.length > 0 && <Fact name="Agents asked, too">{why.also.join(", ")}</Fact>}
      {why.value !== null && <Fact name="Worth">{why.value.toFixed(2)}</Fact>}
      <Fact name="Colleagues of the queue">{presencesText(why.presences) || "–"}</Fact>
    </dl>
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
