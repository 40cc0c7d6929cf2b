/** Which contacts are looked for: the days, and what is known of them. */

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useRef } from "react";
import { DayInputs } from "../parts/DayInputs";
import { navigate } from "../parts/routing";
import { isSupervisor, useSession } from "../parts/session";
import { useDraft } from "../parts/useDraft";
import type { CentreSummary, Choice } from "../protocol";
import { rangeOf } from "../state/days";
import { addressOf, type FilterName, type HistoryFilter, isNarrowed, withoutFilters } from "../state/history";
import { choicesOf } from "./names";

interface ContactFiltersProps {
  /** What is typed is thrown away when it changes. */
  address: string;
  filter: HistoryFilter;
  /** The contact beside the list. */
  contact: string | null;
  centre: CentreSummary | null;
  /** What the server says is wrong with one of them. */
  problem: { name: FilterName | null; text: string };
  /** Ask for the same once more. */
  again: () => void;
}

/**
 * The address has the days as soon as they are a range, with all that is typed; the rest when it is sent off. So a
 * reload, the back button and colleagues get the same, and what is shown is always what the fields say.
 */
export function ContactFilters({ address, filter, contact, centre, problem, again }: ContactFiltersProps) {
  const { session } = useSession();
  const first = useRef<HTMLInputElement>(null);
  const [draft, change] = useDraft(address, filter);
  const fits = rangeOf(draft.from, draft.to) !== null;
  const changeDays = (days: Partial<HistoryFilter>) => {
    const wanted = { ...draft, ...days, offset: 0 };
    change(wanted);
    if (rangeOf(wanted.from, wanted.to) !== null) navigate(addressOf(wanted, contact), true);
  };
  const show = (wanted: HistoryFilter) => {
    const goal = addressOf(wanted, contact);
    if (goal === addressOf(filter, contact)) again();
    else navigate(goal);
  };
  const search = (event: FormEvent) => {
    event.preventDefault();
    if (fits) show({ ...draft, offset: 0 });
  };
  const clear = () => {
    const all = withoutFilters(fits ? draft : filter);
    change(all);
    show(all);
    first.current?.focus();
  };
  const fieldOf = (name: FilterName) => ({
    value: draft[name],
    error: problem.name === name && problem.text,
    onChange: (event: { currentTarget: { value: string } }) => change({ [name]: event.currentTarget.value }),
    "data-testid": `history-${name}`,
  });
  const choiceOf = (name: FilterName) => ({
    ...fieldOf(name),
    data: optionsOf(choicesOf(name, centre, draft.queue), draft[name]),
  });
  return (
    <search>
      <form onSubmit={search} data-testid="history-filters">
        <div className="history-head">
          <h1 id="history-title" className="page-title" tabIndex={-1}>
            Contacts
          </h1>
          <DayInputs from={draft.from} to={draft.to} fits={fits} onChange={changeDays} testid="history" />
        </div>
        <div className="history-filters">
          <TextInput
            label="Caller’s number"
            placeholder="Or part of it"
            inputMode="tel"
            maxLength={100}
            autoComplete="off"
            ref={first}
            {...fieldOf("number")}
          />
          <TextInput
            label="Customer"
            placeholder="Name or number"
            maxLength={200}
            autoComplete="off"
            {...fieldOf("customer")}
          />
          <NativeSelect label="Queue" {...choiceOf("queue")} />
          {(isSupervisor(session) || draft.agent !== "") && (
            <NativeSelect label="Agent" {...choiceOf("agent")} />
          )}
          <NativeSelect label="Channel" {...choiceOf("channel")} />
          <NativeSelect label="Outcome" {...choiceOf("outcome")} />
          <NativeSelect label="Disposition" {...choiceOf("disposition")} />
          <TextInput
            label="Note"
            placeholder="Part of it"
            maxLength={200}
            autoComplete="off"
            {...fieldOf("note")}
          />
          <Button type="submit" disabled={!fits} data-testid="history-search">
            Search
          </Button>
          <Button
            variant="default"
            disabled={!isNarrowed(draft) && !isNarrowed(filter)}
            onClick={clear}
            data-testid="history-clear"
          >
            Clear
          </Button>
        </div>
      </form>
    </search>
  );
}

/** What is chosen stays so, also what there is not any more. */
function optionsOf(choices: readonly Choice[], chosen: string): { value: string; label: string }[] {
  const gone = chosen === "" || choices.some(({ id }) => id === chosen) ? [] : [{ id: chosen, name: chosen }];
  return [
    { value: "", label: "Any" },
    ...[...choices, ...gone].map(({ id, name }) => ({ value: id, label: name })),
  ];
}
