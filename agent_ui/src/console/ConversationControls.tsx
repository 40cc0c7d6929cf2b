/** Who is on the line, for how long, and what can be done with the call. */

import { Button, Popover, Tooltip } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Since } from "../parts/Age";
import { Icon, type IconName } from "../parts/icons";
import type { ContactView } from "../protocol";
import type { CommandType } from "../state/desk";
import { pauseWanted, recordWanted } from "../state/recording";
import { keysOf, type ShortcutAction } from "../state/shortcuts";
import { ACTION_COLORS } from "../theme";
import { useContactActions } from "./actions";
import { useBusy, useDesk, useDeskState, useLive, useOffset, usePhoneState, useSend } from "./desk";
import { PartiesBar } from "./PartiesBar";
import { RecordingBar } from "./RecordingBar";
import { TransferPanel } from "./TransferPanel";

export function ConversationControls({ contact }: { contact: ContactView }) {
  const actions = useContactActions();
  const offset = useOffset();
  const held = contact.phase === "held";
  return (
    <section
      className="conversation"
      aria-label="Conversation"
      data-testid="conversation"
      data-state={contact.phase}
      data-muted={contact.muted}
    >
      <div className="conversation-who">
        <div className="conversation-name">
          {contact.caller_name || contact.caller_number || "Unknown caller"}
        </div>
        <div className="conversation-line">
          <LevelBar />
          {contact.queue_name}
          {contact.connected_at !== null && (
            <>
              {" · "}
              <Since since={contact.connected_at} offset={offset} testid="talk-timer" />
            </>
          )}
        </div>
      </div>
      <RecordingBar />
      <PartiesBar contact={contact} />
      <div className="conversation-buttons">
        {contact.mine && (
          <CallButton
            action="hold"
            command="hold"
            icon={held ? "play" : "pause"}
            text={held ? "Take back" : "Hold"}
            pressed={held}
            onClick={() => actions.toggleHold(contact)}
          />
        )}
        <CallButton
          action="mute"
          command="mute"
          icon={contact.muted ? "micOff" : "mic"}
          text={contact.muted ? "Unmute" : "Mute"}
          pressed={contact.muted}
          onClick={() => actions.toggleMute(contact)}
        />
        {recordWanted(contact.recording) !== null && (
          <CallButton
            action="record"
            command="record"
            icon="record"
            text={contact.recording?.may_stop === true ? "Stop recording" : "Record"}
            pressed={contact.recording?.may_stop === true}
            onClick={() => actions.toggleRecording(contact)}
          />
        )}
        {pauseWanted(contact.recording) !== null && (
          <CallButton
            action="pause-recording"
            command="pause-recording"
            icon={contact.recording?.paused_by_hand === true ? "play" : "pause"}
            text={contact.recording?.paused_by_hand === true ? "Resume recording" : "Pause recording"}
            pressed={contact.recording?.paused_by_hand === true}
            onClick={() => actions.togglePause(contact)}
          />
        )}
        {contact.mine && <Keypad contact={contact} />}
        {contact.mine && <TransferPanel contact={contact} />}
        <CallButton
          action="hang-up"
          command="hang-up"
          icon="hangUp"
          text={contact.mine ? "End" : "Leave"}
          color={ACTION_COLORS.end}
          onClick={() => actions.hangUp(contact)}
        />
      </div>
    </section>
  );
}

interface CallButtonProps {
  action: ShortcutAction;
  command: CommandType;
  icon: IconName;
  text: ReactNode;
  pressed?: boolean;
  color?: string;
  onClick: () => void;
}

function CallButton({ action, command, icon, text, pressed, color, onClick }: CallButtonProps) {
  const live = useLive();
  const busy = useBusy(command);
  return (
    <Tooltip label={keysOf(action)}>
      <Button
        variant={color === undefined ? (pressed === true ? "filled" : "default") : "filled"}
        {...(color === undefined ? (pressed === true ? { color: ACTION_COLORS.held } : {}) : { color })}
        leftSection={<Icon name={icon} />}
        loading={busy}
        disabled={!live}
        onClick={onClick}
        aria-keyshortcuts={keysOf(action)}
        {...(pressed === undefined ? {} : { "data-pressed": pressed })}
        data-testid={action}
      >
        {text}
      </Button>
    </Tooltip>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

function Keypad({ contact }: { contact: ContactView }) {
  const { panel, openPanel } = useDesk();
  const live = useLive();
  const send = useSend();
  const [sent, setSent] = useState("");
  const press = (digits: string) => {
    if (!live) return;
    setSent((before) => (before + digits).slice(-16));
    void send({ type: "digits", contact: contact.id, digits });
  };
  const typed = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !KEYS.includes(event.key)) return;
    event.preventDefault();
    press(event.key);
  };
  return (
    <Popover
      opened={panel === "keypad"}
      onChange={(opened) => openPanel(opened ? "keypad" : null)}
      position="bottom"
      middlewares={{ flip: false, shift: true }}
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="keypad" />}
          disabled={!live}
          onClick={() => openPanel(panel === "keypad" ? null : "keypad")}
          aria-keyshortcuts={keysOf("keypad")}
          title={keysOf("keypad")}
          data-testid="keypad"
        >
          Keypad
        </Button>
      </Popover.Target>
      <Popover.Dropdown onKeyDown={typed} aria-label="Keypad" data-testid="keypad-panel">
        <div className="keypad-sent" role="status" data-testid="digits-sent">
          {sent || "Press or type digits"}
        </div>
        <KeypadKeys press={press} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** Takes the focus when it appears, so that digits can be typed. */
function KeypadKeys({ press }: { press: (key: string) => void }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => first.current?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div className="keypad-keys">
      {KEYS.map((key, index) => (
        <Button
          key={key}
          ref={index === 0 ? first : null}
          variant="default"
          size="md"
          onClick={() => press(key)}
          data-testid={`digit-${key}`}
        >
          {key}
        </Button>
      ))}
    </div>
  );
}

/** How loud the caller is. Moves without React: five times a second is no business of it. */
function LevelBar() {
  const { phone } = useDesk();
  const browser = useDeskState((state) => state.view?.station.kind === "browser");
  const call = usePhoneState((state) => state.call);
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      phone.onLevel((level) => {
        if (bar.current === null) return;
        bar.current.dataset["level"] = String(level);
        bar.current.style.setProperty("--level", String(level / 100));
      }),
    [phone],
  );
  if (!browser) return null;
  return (
    <span
      ref={bar}
      className="level"
      title="How loud the caller is"
      aria-hidden="true"
      data-testid="audio-level"
      data-level="0"
      data-state={call}
    />
  );
}
