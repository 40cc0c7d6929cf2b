/** The input for one answer, by the question's type. Used for the current item, in groups, and for corrections. */

import { FileInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { type KeptFile, keepFile } from "../api";
import { AnswerFile, deskFile } from "../parts/AnswerFile";
import type { OptionView } from "../protocol";
import { marksOf, optionsOf } from "../state/answers";
import { Marks, OneOption, RankedOptions, SeveralOptions } from "./OptionInputs";

interface ItemInputProps {
  id: string;
  /** What a file is kept for. */
  run: string;
  item: string;
  type: string;
  options: readonly OptionView[];
  /** Of the dialog. */
  language: string;
  value: string;
  change: (value: string) => void;
  /** Ids of what names and explains the input. */
  labelledBy: string;
  describedBy: string | undefined;
  invalid: boolean;
  required?: boolean;
  minimum?: string;
  maximum?: string;
  mask?: string;
  currency?: string;
  /** What a thing that cannot be typed is called. */
  shown?: string;
  size?: "sm" | "lg";
}

export function ItemInput(props: ItemInputProps) {
  const whole = {
    ...props,
    options: optionsOf(props.type, props.options, props.language),
    required: props.required ?? false,
    minimum: props.minimum ?? "",
    maximum: props.maximum ?? "",
    size: props.size ?? ("lg" as const),
  };
  switch (props.type) {
    case "yes-no":
    case "choice":
      return <OneOption {...whole} />;
    case "choices":
      return <SeveralOptions {...whole} />;
    case "ranking":
      return <RankedOptions {...whole} />;
    case "rating":
      return marksOf(whole.minimum, whole.maximum).length > 0 ? <Marks {...whole} /> : <Field {...whole} />;
    case "file":
    case "voice-record":
    case "signature":
      return <Thing {...whole} />;
    default:
      return <Field {...whole} />;
  }
}

const ACCEPTED: Record<string, string> = {
  file: "image/*,audio/*,application/pdf,text/plain",
  "voice-record": "audio/*",
  signature: "image/png,image/jpeg",
};

/** Something stored: its name, and a field to give another. */
function Thing(props: ItemInputProps) {
  const { id, type, value, change, run, item, labelledBy, describedBy, invalid, size } = props;
  const [kept, setKept] = useState<KeptFile | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const take = async (file: File | null) => {
    if (file === null) return change("");
    setBusy(true);
    try {
      const answer = await keepFile(run, item, file);
      setKept(answer);
      setProblem("");
      change(answer.id);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The file could not be kept.");
    } finally {
      setBusy(false);
    }
  };
  const name = kept !== null && kept.id === value ? kept.name : (props.shown ?? "") || value;
  return (
    <div className="thing" data-testid="dialog-thing">
      <FileInput
        id={id}
        size={size ?? "lg"}
        accept={ACCEPTED[type] ?? ""}
        placeholder={busy ? "Being sent…" : value === "" ? "Choose a file" : name}
        value={null}
        onChange={(file) => void take(file)}
        disabled={busy}
        error={problem !== "" ? problem : invalid}
        aria-labelledby={`${labelledBy} ${id}`}
        {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
        data-testid="dialog-file"
      />
      <p role="status" className="quiet" data-testid="dialog-file-name">
        {value === "" ? "" : `Kept: ${name}`}
      </p>
      {value !== "" && <AnswerFile src={deskFile(run, value)} name={name} type={type} />}
    </div>
  );
}

/** A text longer than this is better edited on several lines. */
const LONG_TEXT = 80;

function Field(props: ItemInputProps) {
  const { type, value, change, invalid, describedBy, currency } = props;
  const shared = {
    id: props.id,
    size: props.size ?? "lg",
    value,
    error: invalid,
    withErrorStyles: invalid,
    autoComplete: "off",
    "aria-labelledby": props.labelledBy,
    "aria-required": props.required ?? false,
    ...(describedBy === undefined ? {} : { "aria-describedby": describedBy }),
    "data-testid": "dialog-field",
  };
  if (type === "memo" || (type === "text" && value.length > LONG_TEXT)) {
    return (
      <Textarea
        {...shared}
        autosize
        minRows={type === "memo" ? 4 : 2}
        maxRows={16}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      {...fieldAttributes(props)}
      {...(currency
        ? { rightSection: <span className="quiet">{currency}</span>, rightSectionWidth: 64 }
        : {})}
      className={`field field-${type || "text"}`}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

/** Numbers are text fields: the engine reads `12,5` and says what is wrong; a number field would swallow it. */
function fieldAttributes({ type, minimum, maximum, mask }: ItemInputProps) {
  if (mask === "hidden") return { type: "password", autoComplete: "off" };
  const limits = { ...(minimum ? { min: minimum } : {}), ...(maximum ? { max: maximum } : {}) };
  switch (type) {
    case "integer":
    case "digits":
    case "rating":
      return { inputMode: "numeric" as const };
    case "number":
    case "money":
      return { inputMode: "decimal" as const };
    case "phone":
      return { type: "tel", inputMode: "tel" as const };
    case "email":
      return { inputMode: "email" as const, spellCheck: false };
    case "date":
      return { type: "date", ...limits };
    case "time":
      return { type: "time", ...limits };
    case "date-time":
      return { type: "datetime-local", ...limits };
    case "location":
      return { placeholder: "52.5 13.4" };
    default:
      return {};
  }
}
