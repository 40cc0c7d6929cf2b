/** What supervisors wrote, until the agent has taken note of it; and who listens, where the agent is to know. */

import { Button } from "@mantine/core";
import { Icon } from "../parts/icons";
import { useNow } from "../parts/useNow";
import { moment } from "../state/durations";
import { watchersText } from "../state/supervision";
import { useDeskState, useLive, useOffset, useSend } from "./desk";

export function Messages() {
  const messages = useDeskState((state) => state.view?.messages ?? NONE);
  const send = useSend();
  const live = useLive();
  const now = useNow() + useOffset();
  return (
    <div role="log" aria-label="Messages" data-testid="messages">
      {messages.map((message) => (
        <div key={message.id} className="banner" data-tone="call" data-testid="message">
          <Icon name="person" />
          <div className="banner-text">
            <strong>{message.sender}</strong> <span>{moment(message.at, now)}</span>: {message.text}
          </div>
          <Button
            size="compact-sm"
            variant="white"
            color="dark"
            disabled={!live}
            onClick={() => void send({ type: "see-message", message: message.id })}
            data-testid="message-seen"
          >
            OK
          </Button>
        </div>
      ))}
    </div>
  );
}

export function Watchers() {
  const watchers = useDeskState((state) => state.view?.contact?.watchers ?? NO_NAMES);
  return (
    <div role="status">
      {watchers.length > 0 && (
        <div className="banner" data-tone="call" data-testid="watchers">
          <Icon name="headset" />
          <div className="banner-text">{watchersText(watchers)}</div>
        </div>
      )}
    </div>
  );
}

const NONE: readonly { id: string; sender: string; text: string; at: string }[] = [];
const NO_NAMES: readonly string[] = [];
