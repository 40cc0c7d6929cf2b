/** Whom a task is for: oneself, a colleague, or a queue. */

import { NativeSelect } from "@mantine/core";
import { useCentre } from "../parts/useCentre";

interface TaskOwnerProps {
  me: string;
  value: string;
  disabled?: boolean;
  onChange: (choice: string) => void;
  label: string;
  testid: string;
}

export function TaskOwner({ me, value, disabled = false, onChange, label, testid }: TaskOwnerProps) {
  const centre = useCentre();
  const agents = (centre?.agents ?? []).filter((agent) => agent.id !== me);
  return (
    <NativeSelect
      label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: `agent:${me}`, label: "Me" },
        {
          group: "Queues",
          items: (centre?.queues ?? []).map((queue) => ({ value: `queue:${queue.id}`, label: queue.name })),
        },
        {
          group: "Colleagues",
          items: agents.map((agent) => ({ value: `agent:${agent.id}`, label: agent.name })),
        },
      ]}
      data-testid={testid}
    />
  );
}
