/** Whether the conversation is recorded, told to the agent at every moment. */

import { recordingText } from "../state/recording";
import { useDeskState } from "./desk";

export function RecordingBar() {
  const recording = useDeskState((state) => state.view?.contact?.recording ?? null);
  const text = recording === null ? "" : recordingText(recording);
  return (
    <div
      className="recording-bar"
      role="status"
      data-testid="recording-bar"
      data-state={recording?.state ?? "none"}
    >
      {text !== "" && (
        <>
          <span className="recording-dot" aria-hidden="true" />
          {text}
        </>
      )}
    </div>
  );
}
