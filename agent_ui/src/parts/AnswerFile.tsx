/** A file that is an answer: a sound is heard in its place, everything else is opened beside the page, or saved. */

import { Icon } from "./icons";

interface AnswerFileProps {
  /** Where it is. */
  src: string;
  name: string;
  /** Of the question, where it is known. */
  type?: string;
}

const SOUND = /\.(wav|mp3|m4a|ogg|oga|opus|webm|flac|aac)$/i;

/** Types of questions that a file answers. */
export const FILE_TYPES: ReadonlySet<string> = new Set(["file", "voice-record", "signature"]);

/** Where a file of the dialog at the desk is. */
export function deskFile(run: string, file: string): string {
  return `/desk/files/${encodeURIComponent(file)}?${new URLSearchParams({ run })}`;
}

export function AnswerFile({ src, name, type = "" }: AnswerFileProps) {
  if (type === "voice-record" || SOUND.test(name)) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: nobody wrote down what was said
      <audio
        className="answer-sound"
        controls
        preload="none"
        src={src}
        aria-label={`Listen: ${name}`}
        data-testid="answer-sound"
      />
    );
  }
  return (
    <a
      className="answer-file"
      href={src}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`Open: ${name}`}
      data-testid="answer-file"
    >
      <Icon name="screen" size={14} /> Open
    </a>
  );
}
