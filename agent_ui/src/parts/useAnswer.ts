import { useCallback, useEffect, useState } from "react";
import { problemText } from "../api";
import { type Answer, answered, asked, failed } from "../state/answer";

/**
 * Ask the server when the page is shown, whenever `question` changes, and on demand.
 *
 * `question` says in words what `read` asks for: the same words, the same answer.
 */
export function useAnswer<Value>(
  question: string,
  read: (signal: AbortSignal) => Promise<Value>,
): [Answer<Value>, () => void] {
  const [known, setKnown] = useState<Answer<Value>>(() => asked<Value>(null, question));
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((number) => number + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `question` says what is read; another attempt asks again
  useEffect(() => {
    const abort = new AbortController();
    setKnown((before) => asked(before, question));
    read(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setKnown(answered(question, value, Date.now()));
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setKnown((before) => failed(before, problemText(error)));
      },
    );
    return () => abort.abort();
  }, [question, attempt]);

  return [known.question === question ? known : asked<Value>(null, question), again];
}
