/** What the agent must know whatever page is shown: connection, telephony, phone, refused commands, a waiting offer. */

import { Button, CloseButton } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { readPhone } from "../api";
import { Icon } from "../parts/icons";
import { navigate, usePath } from "../parts/routing";
import { useNow } from "../parts/useNow";
import { microphoneText } from "../phone/phoneState";
import { ageSeconds, spoken } from "../state/durations";
import { OFFER_WORDS } from "../state/offers";
import { useDesk, useDeskState, usePhoneState } from "./desk";
import { Messages, Watchers } from "./Messages";

/** How long a refused command is told. */
const PROBLEM_MS = 20_000;

export function DeskBanners() {
  const { freshness } = useDesk();
  const telephony = useDeskState((state) => state.view?.telephony ?? true);
  return (
    <div className="banners">
      <div role="status">
        {freshness === "stale" && <LostBanner />}
        {freshness === "live" && !telephony && (
          <Banner tone="bad" testid="telephony-down">
            The telephone system cannot be reached: no call can be offered. Calls that are up go on.
          </Banner>
        )}
        <PhoneBanner />
      </div>
      <Watchers />
      <Messages />
      <Problems />
      <ElsewhereOffer />
    </div>
  );
}

interface BannerProps {
  tone: "bad" | "warn" | "call";
  testid: string;
  action?: ReactNode;
  children: ReactNode;
}

function Banner({ tone, testid, action, children }: BannerProps) {
  return (
    <div className="banner" data-tone={tone} data-testid={testid}>
      <Icon name={tone === "call" ? "phone" : "warning"} />
      <div className="banner-text">{children}</div>
      {action}
    </div>
  );
}

function LostBanner() {
  const { connection } = useDesk();
  const heardAt = useDeskState((state) => state.link.heardAt);
  const retryAt = useDeskState((state) => state.link.retryAt);
  const stopping = useDeskState((state) => state.link.stopping);
  const now = useNow();
  const age = heardAt === null ? "" : ` What you see is ${spoken((now - heardAt) / 1000)} old.`;
  const retry =
    retryAt === null
      ? " Connecting…"
      : ` Next attempt in ${Math.max(0, Math.ceil((retryAt - now) / 1000))} s.`;
  return (
    <Banner
      tone="bad"
      testid="stale-banner"
      action={
        <Button
          size="compact-sm"
          variant="white"
          color="dark"
          onClick={connection.retryNow}
          data-testid="retry-now"
        >
          Try now
        </Button>
      }
    >
      {stopping ? "The server is being restarted." : "The connection to the server is lost."}
      {/* The seconds are for the eye; a screen reader hears the sentence once. */}
      <span aria-hidden="true">
        {age}
        {retry}
      </span>{" "}
      A call that is up goes on.
    </Banner>
  );
}

function PhoneBanner() {
  const { phone } = useDesk();
  const browser = useDeskState((state) => state.view?.station.kind === "browser");
  const registration = usePhoneState((state) => state.registration);
  const problem = usePhoneState((state) => state.problem);
  const microphone = usePhoneState((state) => microphoneText(state.microphone));
  const soundBlocked = usePhoneState((state) => state.soundBlocked);
  if (!browser) return null;
  return (
    <>
      {soundBlocked && (
        <Banner
          tone="warn"
          testid="sound-blocked"
          action={
            <Button
              size="compact-sm"
              variant="white"
              color="dark"
              onClick={phone.playSound}
              data-testid="play-sound"
            >
              Hear the caller
            </Button>
          }
        >
          The browser holds the sound back until you click.
        </Banner>
      )}
      {microphone !== "" && (
        <Banner
          tone="warn"
          testid="microphone-problem"
          action={
            <Button
              size="compact-sm"
              variant="white"
              color="dark"
              onClick={() => void phone.checkMicrophone()}
            >
              Try again
            </Button>
          }
        >
          {microphone}
        </Banner>
      )}
      {registration === "failed" && (
        <Banner
          tone="warn"
          testid="phone-problem"
          action={
            <Button
              size="compact-sm"
              variant="white"
              color="dark"
              onClick={() => void phone.start(readPhone)}
            >
              Try again
            </Button>
          }
        >
          Your browser phone is not connected. {problem}
        </Banner>
      )}
    </>
  );
}

/** Refused commands: announced, then there for a while. What they are about is on the desk anyway. */
function Problems() {
  const { connection } = useDesk();
  const problems = useDeskState((state) => state.problems);
  const oldest = problems[0]?.key ?? null;
  useEffect(() => {
    if (oldest === null) return;
    const timer = window.setTimeout(() => connection.dismiss(oldest), PROBLEM_MS);
    return () => window.clearTimeout(timer);
  }, [connection, oldest]);
  return (
    <div role="alert">
      {problems.map((problem) => (
        <Banner
          key={problem.key}
          tone="warn"
          testid="problem"
          action={
            <CloseButton
              size="sm"
              aria-label="Dismiss"
              onClick={() => connection.dismiss(problem.key)}
              className="banner-close"
            />
          }
        >
          {problem.message}
        </Banner>
      ))}
    </div>
  );
}

function ElsewhereOffer() {
  const path = usePath();
  const contact = useDeskState((state) => state.view?.contact ?? null);
  const offset = useDeskState((state) => state.clockOffset);
  const now = useNow();
  if (path === "/" || contact === null) return null;
  const offered = contact.phase === "offered";
  const who = contact.caller_name || contact.caller_number || "an unknown caller";
  const { name, way } = OFFER_WORDS[contact.called_back ? "call-back" : "call"];
  const text = offered
    ? `${name} ${way} ${who}, waiting for ${spoken(ageSeconds(contact.queued_at, now + offset))}.`
    : `You have a contact on your desk: ${who}.`;
  return (
    <Banner
      tone="call"
      testid="contact-elsewhere"
      action={
        <Button
          size="compact-sm"
          variant="white"
          color="dark"
          onClick={() => navigate("/")}
          data-testid="to-console"
        >
          Go to the console
        </Button>
      }
    >
      {text}
    </Banner>
  );
}
