/** Who the customer is, and what we had to do with each other before. */

import type { ReactNode } from "react";
import { Icon } from "../parts/icons";
import { useNow } from "../parts/useNow";
import type { ContactView, CustomerView, HistoryView } from "../protocol";
import { clock, moment } from "../state/durations";
import { useOffset } from "./desk";

export function CustomerCard({ customer, contact }: { customer: CustomerView | null; contact: ContactView }) {
  return (
    <section className="card" aria-labelledby="customer-title" data-testid="customer">
      <h2 id="customer-title" className="card-kicker">
        Customer
      </h2>
      {customer === null ? <Stranger contact={contact} /> : <Known customer={customer} />}
    </section>
  );
}

function Stranger({ contact }: { contact: ContactView }) {
  return (
    <div data-testid="unknown-customer">
      <p className="customer-name">{contact.caller_name || "Unknown caller"}</p>
      <p className="figure">{contact.caller_number || "Number withheld"}</p>
      <p className="quiet">No customer has this number.</p>
    </div>
  );
}

export function Known({ customer }: { customer: CustomerView }) {
  return (
    <>
      <p className="customer-name" data-testid="customer-name">
        <Icon name="person" /> {customer.name}
      </p>
      <dl className="facts">
        {customer.numbers.map((number) => (
          <Fact key={number} name="Phone" value={number} />
        ))}
        {customer.email !== "" && <Fact name="E-mail" value={breakable(customer.email)} />}
        {Object.entries(customer.attributes).map(([name, value]) => (
          <Fact key={name} name={readable(name)} value={value} />
        ))}
      </dl>
      <h3 className="card-subtitle">Earlier contacts</h3>
      {customer.history.length === 0 ? (
        <p className="quiet">This is the first contact.</p>
      ) : (
        <ul className="history" data-testid="customer-history">
          {customer.history.map((line, index) => (
            <li key={line.id}>
              <HistoryLine line={line} open={index === 0} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A long address breaks at its @. */
function breakable(address: string): ReactNode {
  const at = address.indexOf("@") + 1;
  return (
    <>
      {address.slice(0, at)}
      <wbr />
      {address.slice(at)}
    </>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** The latest is open: it is what most people call about again. */
function HistoryLine({ line, open }: { line: HistoryView; open: boolean }) {
  const now = useNow() + useOffset();
  return (
    <details open={open}>
      <summary>
        <span className="history-when">{moment(line.at, now)}</span>
        <span className="history-what">{line.disposition || line.queue || line.channel}</span>
      </summary>
      <p className="quiet">
        {[line.channel, line.queue, line.agent].filter((part) => part !== "").join(" · ")}
        {line.talk_seconds > 0 && ` · ${clock(line.talk_seconds)} talked`}
      </p>
      {line.note !== "" && <p className="history-note">{line.note}</p>}
      {line.answers.length > 0 && (
        <dl className="facts">
          {line.answers.map(([question, answer]) => (
            <Fact key={question} name={question} value={answer} />
          ))}
        </dl>
      )}
    </details>
  );
}

/** `meter_number` → `Meter number`. */
function readable(name: string): string {
  const words = name.replaceAll("_", " ").replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
