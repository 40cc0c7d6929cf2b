/** What is known of a question to the server: what it answered, when, and whether that can still be trusted. Pure. */

export interface Answer<Value> {
  question: string;
  value: Value | null;
  /** When `value` was read, local milliseconds. */
  heardAt: number | null;
  loading: boolean;
  /** Why it could not be read the last time; `value` is then an older one, or none. */
  problem: string;
}

/** Asked again: what is known stays, as it answers the same question. Another question: nothing is known of it. */
export function asked<Value>(known: Answer<Value> | null, question: string): Answer<Value> {
  if (known?.question === question) return { ...known, loading: true };
  return { question, value: null, heardAt: null, loading: true, problem: "" };
}

export function answered<Value>(question: string, value: Value, now: number): Answer<Value> {
  return { question, value, heardAt: now, loading: false, problem: "" };
}

export function failed<Value>(known: Answer<Value>, problem: string): Answer<Value> {
  return { ...known, loading: false, problem };
}

/** What is shown is older than what somebody asked for. */
export function isOld(answer: Answer<unknown>): boolean {
  return answer.value !== null && answer.problem !== "";
}
