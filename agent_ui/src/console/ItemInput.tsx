/** The input for one answer, by the question's type. Used for the current item and for corrections. */

import { Radio, Select, Stack, Textarea, TextInput } from "@mantine/core";
import type { KeyboardEvent } from "react";
import type { OptionView } from "../protocol";
import { MAX_RADIO_OPTIONS, optionForKey, optionKey, optionsOf } from "../state/answers";

interface ItemInputProps {
  id: string;
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
  size?: "sm" | "lg";
}

export function ItemInput(props: ItemInputProps) {
  const options = optionsOf(props.type, props.options, props.language);
  if (props.type === "yes-no" || props.type === "choice") {
    return options.length > MAX_RADIO_OPTIONS ? (
      <ManyOptions {...props} options={options} />
    ) : (
      <FewOptions {...props} options={options} />
    );
  }
  return <Field {...props} />;
}

function FewOptions({
  id,
  type,
  options,
  value,
  change,
  labelledBy,
  describedBy,
  invalid,
  required,
  size,
}: ItemInputProps) {
  const pressed = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && value !== "") return submitForm(event);
    const option = optionForKey(type, options, event.key);
    if (option === null) return;
    event.preventDefault();
    change(option.value);
    document.getElementById(optionId(id, options, option.value))?.focus();
  };
  const selected = options.some((option) => option.value === value) ? value : (options[0]?.value ?? "");
  return (
    <Radio.Group
      value={value}
      onChange={change}
      aria-labelledby={labelledBy}
      {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
      aria-invalid={invalid}
      required={required ?? false}
      onKeyDown={pressed}
      data-testid="dialog-options"
    >
      <Stack gap={size === "lg" ? 8 : 4}>
        {options.map((option, index) => (
          <Radio.Card
            key={option.value}
            value={option.value}
            id={option.value === selected ? id : optionId(id, options, option.value)}
            className="option"
            data-size={size ?? "lg"}
            data-testid={`option-${option.value}`}
          >
            <Radio.Indicator size="sm" />
            <span className="option-label">{option.label}</span>
            {optionKey(options, index) !== "" && <kbd className="key">{optionKey(options, index)}</kbd>}
          </Radio.Card>
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** Enter on a radio button submits, as with the browser's own. */
export function submitForm(event: KeyboardEvent): void {
  event.preventDefault();
  if (event.target instanceof HTMLElement) event.target.closest("form")?.requestSubmit();
}

function optionId(id: string, options: readonly OptionView[], value: string): string {
  return `${id}-${options.findIndex((option) => option.value === value)}`;
}

function ManyOptions({ id, options, value, change, labelledBy, invalid, size }: ItemInputProps) {
  return (
    <Select
      id={id}
      size={size ?? "lg"}
      searchable
      data={options.map((option) => ({ value: option.value, label: option.label }))}
      value={value === "" ? null : value}
      onChange={(chosen) => change(chosen ?? "")}
      aria-labelledby={labelledBy}
      error={invalid}
      nothingFoundMessage="No such option"
      data-testid="dialog-select"
    />
  );
}

/** A text longer than this is better edited on several lines. */
const LONG_TEXT = 80;

function Field({
  id,
  type,
  value,
  change,
  labelledBy,
  describedBy,
  invalid,
  required,
  minimum,
  maximum,
  size,
}: ItemInputProps) {
  const shared = {
    id,
    size: size ?? "lg",
    value,
    error: invalid,
    withErrorStyles: invalid,
    autoComplete: "off",
    "aria-labelledby": labelledBy,
    "aria-required": required ?? false,
    ...(describedBy === undefined ? {} : { "aria-describedby": describedBy }),
    "data-testid": "dialog-field",
  };
  if (type === "text" && value.length > LONG_TEXT) {
    return (
      <Textarea {...shared} autosize minRows={2} onChange={(event) => change(event.currentTarget.value)} />
    );
  }
  return (
    <TextInput
      {...shared}
      {...fieldAttributes(type, minimum, maximum)}
      className={`field field-${type || "text"}`}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

/** Numbers are text fields: the engine reads `12,5` and says what is wrong; a number field would swallow it. */
function fieldAttributes(type: string, minimum: string | undefined, maximum: string | undefined) {
  switch (type) {
    case "integer":
    case "digits":
      return { inputMode: "numeric" as const };
    case "number":
      return { inputMode: "decimal" as const };
    case "phone":
      return { type: "tel", inputMode: "tel" as const };
    case "date":
      return {
        type: "date",
        ...(minimum ? { min: minimum } : {}),
        ...(maximum ? { max: maximum } : {}),
      };
    default:
      return {};
  }
}
