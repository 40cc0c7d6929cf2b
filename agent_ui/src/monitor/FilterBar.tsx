/** What of the monitor is shown: chosen queues, and a text over names and numbers. It stands in the address. */

import { Button, TextInput } from "@mantine/core";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { navigate } from "../parts/routing";
import type { QueueRow } from "../protocol";
import { addressOf, hidesNothing, type MonitorFilter, toggled } from "../state/monitorFilter";

interface FilterBarProps {
  filter: MonitorFilter;
  /** All there are; chosen ones that are not among them can be left out all the same. */
  queues: readonly QueueRow[];
}

export function FilterBar({ filter, queues }: FilterBarProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Together with Shift, as all keys of the monitor: Alt alone belongs to the console.
    const pressed = (event: globalThis.KeyboardEvent) => {
      if (!event.altKey || !event.shiftKey || event.code !== "KeyF") return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  // Each sign is no step of its own for the back button.
  const show = (next: MonitorFilter) => navigate(addressOf(next), true);
  const showAll = () => {
    show({ queues: [], text: "" });
    input.current?.focus();
  };
  const typed = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || filter.text === "") return;
    event.preventDefault();
    show({ ...filter, text: "" });
  };
  const gone = filter.queues.filter((id) => !queues.some((queue) => queue.id === id));
  const choices = [...queues, ...gone.map((id) => ({ id, name: id }))];
  return (
    <search className="monitor-filter" aria-label="Filter of the monitor" data-testid="monitor-filter">
      <TextInput
        ref={input}
        label="Agent, caller or number"
        className="monitor-filter-text"
        placeholder="All"
        size="sm"
        maxLength={100}
        autoComplete="off"
        value={filter.text}
        onChange={(event) => show({ ...filter, text: event.currentTarget.value })}
        onKeyDown={typed}
        aria-keyshortcuts="Alt+Shift+F"
        title="Alt+Shift+F"
        data-testid="monitor-filter-text"
      />
      {choices.length > 1 && (
        <fieldset className="monitor-filter-queues">
          <legend>Queues{filter.queues.length === 0 && ": all"}</legend>
          {choices.map(({ id, name }) => (
            <Button
              key={id}
              size="compact-sm"
              variant={filter.queues.includes(id) ? "filled" : "default"}
              aria-pressed={filter.queues.includes(id)}
              onClick={() => show(toggled(filter, id))}
              data-testid={`monitor-filter-queue-${id}`}
            >
              {name}
            </Button>
          ))}
        </fieldset>
      )}
      {!hidesNothing(filter) && (
        <Button size="compact-sm" variant="subtle" onClick={showAll} data-testid="monitor-filter-all">
          Show all
        </Button>
      )}
    </search>
  );
}
