/** Write to one agent, or to all of a queue who are signed in. */

import { Button, Modal, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useActions } from "./supervise";

const MOST_CHARACTERS = 500;

interface MessageDialogProps {
  name: string;
  to: { agents: string[] } | { queue: string };
  close: () => void;
}

export function MessageDialog({ name, to, close }: MessageDialogProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const [failed, setFailed] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    setFailed(false);
    if (await actions.message(to, text.trim())) close();
    else setFailed(true);
  };
  return (
    <Modal
      opened
      onClose={close}
      // A click beside it is no wish to throw away what was written.
      closeOnClickOutside={text.trim() === ""}
      title={`Message to ${name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={(event) => void send(event)}>
        <Textarea
          label="Message"
          description="Shown on the console until the agent has taken note of it."
          value={text}
          maxLength={MOST_CHARACTERS}
          autosize
          minRows={3}
          data-autofocus
          onChange={(event) => setText(event.currentTarget.value)}
          data-testid="message-text"
        />
        <div role="alert" className="field-problem">
          {failed ? actions.told?.text : ""}
        </div>
        <Button
          type="submit"
          mt="md"
          loading={actions.busy}
          disabled={text.trim() === ""}
          data-testid="send-message"
        >
          Send
        </Button>
      </form>
    </Modal>
  );
}
