/** From which day to which: two inputs that say beside them when they are no range. */

import { TextInput } from "@mantine/core";

interface DayInputsProps {
  from: string;
  to: string;
  /** Whether the days are a range. */
  fits: boolean;
  /** What the server says is wrong with the days. */
  problem?: string;
  onChange: (days: { from?: string; to?: string }) => void;
  testid: string;
}

export function DayInputs({ from, to, fits, problem = "", onChange, testid }: DayInputsProps) {
  return (
    <>
      <TextInput
        type="date"
        label="From"
        value={from}
        error={problem || missing(from)}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
        data-testid={`${testid}-from`}
      />
      <TextInput
        type="date"
        label="To"
        value={to}
        error={missing(to) || (fits || from === "" ? undefined : "Not before “From”")}
        onChange={(event) => onChange({ to: event.currentTarget.value })}
        data-testid={`${testid}-to`}
      />
    </>
  );
}

/** A date field that is half typed is empty. */
function missing(day: string): string | undefined {
  return day === "" ? "Give a day" : undefined;
}
