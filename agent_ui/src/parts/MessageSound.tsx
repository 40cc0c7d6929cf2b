/** A message that a caller left: its sound, and what was said where that was written down. */

import { useEffect, useState } from "react";
import { readVoicemailOutline, voicemailSound } from "../api";
import type { Outline, VoicemailLine } from "../protocol";
import { callerOf } from "../state/voicemails";
import { Player } from "./Player";

export function MessageSound({ line }: { line: VoicemailLine }) {
  const outline = useOutline(line.id, line.sound);
  return (
    <>
      {line.sound ? (
        <Player
          src={voicemailSound(line.id)}
          label={`Message of ${callerOf(line)}`}
          seconds={line.seconds}
          outline={outline}
        />
      ) : (
        <p className="quiet" data-testid="voicemail-erased">
          The sound was erased.
        </p>
      )}
      {line.text !== "" && (
        <p className="callback-reason" lang={line.language} data-testid="voicemail-text">
          {line.text}
        </p>
      )}
    </>
  );
}

/** Null while it is being read, undefined where there is none. */
function useOutline(id: string, sound: boolean): Outline | null | undefined {
  const [outline, setOutline] = useState<Outline | null | undefined>(null);
  useEffect(() => {
    if (!sound) return;
    const abort = new AbortController();
    readVoicemailOutline(id, abort.signal).then(setOutline, () => {
      if (!abort.signal.aborted) setOutline(undefined);
    });
    return () => abort.abort();
  }, [id, sound]);
  return outline;
}
