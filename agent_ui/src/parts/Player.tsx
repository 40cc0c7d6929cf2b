/**
 * Plays a sound that the server keeps, and shows its outline: recordings, voicemails. Nothing is fetched before
 * somebody wants to hear it. Keys on the outline: arrows 5 s, page up and down 30 s, home, end, space.
 */

import { Button, Loader } from "@mantine/core";
import { type KeyboardEvent, type MouseEvent, useId, useRef, useState } from "react";
import type { Outline } from "../protocol";
import { clock } from "../state/durations";
import { type Gap, outlinePath, positionText, SPEEDS, soughtBy, widthOf } from "../state/player";
import { Icon } from "./icons";

export interface PlayerProps {
  /** Where the sound is. */
  src: string;
  /** What is heard, for those who do not see the page. */
  label: string;
  seconds: number;
  /** Null while it is being read, undefined where there is none. */
  outline: Outline | null | undefined;
  /** Who is on which channel; shown where there are several. */
  channels?: readonly string[];
  gaps?: readonly Gap[];
}

type Stage = "idle" | "loading" | "playing" | "paused" | "failed";

export function Player({ src, label, seconds, outline, channels = [], gaps = [] }: PlayerProps) {
  const audio = useRef<HTMLAudioElement>(null);
  const [stage, setStage] = useState<Stage>("idle");
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState<number>(1);

  const toggle = () => {
    const sound = audio.current;
    if (sound === null) return;
    if (stage === "playing") return sound.pause();
    if (stage === "failed") sound.load();
    setStage("loading");
    sound.playbackRate = speed;
    sound.play().catch(() => setStage((now) => (now === "loading" ? "failed" : now)));
  };
  const seek = (to: number) => {
    setAt(to);
    if (audio.current !== null) audio.current.currentTime = to;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = event.key === " " ? null : soughtBy(event.key, at, seconds);
    if (event.key === " ") toggle();
    else if (to === null) return;
    else seek(to);
    event.preventDefault();
  };
  const changeSpeed = (to: number) => {
    setSpeed(to);
    if (audio.current !== null) audio.current.playbackRate = to;
  };
  const playing = stage === "playing" || stage === "loading";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="player" role="group" aria-label={label} data-testid="player" data-stage={stage}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody wrote down what was said */}
      <audio
        ref={audio}
        src={src}
        preload="none"
        onPlaying={() => setStage("playing")}
        onWaiting={() => setStage("loading")}
        onPause={() => setStage((now) => (now === "failed" ? now : "paused"))}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onEnded={() => setStage("paused")}
        onError={() => setStage("failed")}
      />
      <Button
        size="compact-md"
        variant="default"
        leftSection={stage === "loading" ? <Loader size={14} /> : <Icon name={playing ? "pause" : "play"} />}
        onClick={toggle}
        data-testid="player-toggle"
      >
        {playing ? "Pause" : "Play"}
      </Button>
      <Waveform
        at={at}
        seconds={seconds}
        outline={outline}
        channels={channels}
        gaps={gaps}
        seek={seek}
        onKey={onKey}
      />
      <span className="figure player-time" data-testid="player-time">
        {clock(at)} / {clock(seconds)}
      </span>
      <select
        className="player-speed"
        aria-label="Speed"
        value={speed}
        onChange={(event) => changeSpeed(Number(event.currentTarget.value))}
      >
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {one}×
          </option>
        ))}
      </select>
      {stage === "failed" && (
        <p className="player-problem" role="alert" data-testid="player-problem">
          It cannot be played: the server does not give it, or it is damaged.
        </p>
      )}
    </div>
  );
}

interface WaveformProps {
  at: number;
  seconds: number;
  outline: Outline | null | undefined;
  channels: readonly string[];
  gaps: readonly Gap[];
  seek: (to: number) => void;
  onKey: (event: KeyboardEvent) => void;
}

/** The outline of each channel, one below the other: what has been heard is in colour. */
function Waveform({ at, seconds, outline, channels, gaps, seek, onKey }: WaveformProps) {
  const id = useId();
  const width = outline ? widthOf(outline) : 1;
  const x = (time: number) => (seconds > 0 ? (Math.min(time, seconds) / seconds) * width : 0);
  const onClick = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek(Math.min(Math.max(0, (event.clientX - box.left) / box.width), 1) * seconds);
  };
  const rows = outline?.channels ?? [];
  return (
    <div
      className="waveform"
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={Math.round(seconds)}
      aria-valuenow={Math.round(at)}
      aria-valuetext={positionText(at, seconds, gaps)}
      aria-busy={outline === null}
      onClick={onClick}
      onKeyDown={onKey}
      data-testid="waveform"
    >
      {rows.map((values, row) => (
        <div className="waveform-row" key={channels[row] ?? row}>
          {rows.length > 1 && <span className="waveform-name">{channels[row] ?? `Channel ${row + 1}`}</span>}
          <svg
            viewBox={`0 -100 ${width} 200`}
            preserveAspectRatio="none"
            aria-hidden="true"
            data-testid="waveform-channel"
          >
            {gaps.map((gap) => (
              <rect
                className="waveform-gap"
                key={gap.begins}
                x={x(gap.begins)}
                y={-100}
                width={x(gap.ends) - x(gap.begins)}
                height={200}
              >
                <title>{`Not recorded: ${gap.why}`}</title>
              </rect>
            ))}
            <clipPath id={`${id}${row}`}>
              <rect x={0} y={-100} width={x(at)} height={200} />
            </clipPath>
            <path className="waveform-line" d={outlinePath(values)} />
            <path
              className="waveform-line"
              data-heard="true"
              d={outlinePath(values)}
              clipPath={`url(#${id}${row})`}
            />
          </svg>
        </div>
      ))}
      {rows.length === 0 && (
        <span className="quiet">{outline === null ? "Reading the sound…" : "No picture of this sound."}</span>
      )}
    </div>
  );
}
