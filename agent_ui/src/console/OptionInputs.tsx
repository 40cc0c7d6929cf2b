/** Inputs whose answers are options: one, several, several in an order, or the marks of a rating. */

import { Button, Checkbox, Radio, Select, Stack, TextInput } from "@mantine/core";
import type { KeyboardEvent, ReactNode } from "react";
import type { OptionView } from "../protocol";
import {
  linesOf,
  MAX_RADIO_OPTIONS,
  marksOf,
  moved,
  optionForKey,
  optionKey,
  ownWords,
  rankedOrNot,
  toggled,
  withOwnWords,
} from "../state/answers";

export interface OptionInputProps {
  id: string;
  type: string;
  options: readonly OptionView[];
  value: string;
  change: (value: string) => void;
  /** Ids of what names and explains the input. */
  labelledBy: string;
  describedBy: string | undefined;
  invalid: boolean;
  required: boolean;
  minimum: string;
  maximum: string;
  size: "sm" | "lg";
}

/** Enter on an option submits, as with the browser's own. */
export function submitForm(event: KeyboardEvent): void {
  event.preventDefault();
  if (event.target instanceof HTMLElement) event.target.closest("form")?.requestSubmit();
}

export function OneOption(props: OptionInputProps) {
  return props.options.length > MAX_RADIO_OPTIONS && !props.options.some((option) => option.other) ? (
    <ManyOptions {...props} />
  ) : (
    <FewOptions {...props} />
  );
}

function FewOptions(props: OptionInputProps) {
  const { id, type, options, value, change, size } = props;
  const other = options.find((option) => option.other);
  const own = ownWords(value, options);
  const chosen = other !== undefined && own !== "" ? other.value : value;
  const choose = (option: OptionView) => {
    change(option.value);
    document.getElementById(optionId(id, options, option.value))?.focus();
  };
  const selected = options.some((option) => option.value === chosen) ? chosen : (options[0]?.value ?? "");
  return (
    <>
      <Radio.Group
        value={chosen}
        onChange={change}
        aria-labelledby={props.labelledBy}
        {...described(props)}
        aria-invalid={props.invalid}
        required={props.required}
        onKeyDown={(event) => pressed(event, type, options, value !== "", choose)}
        data-testid="dialog-options"
      >
        <Stack gap={size === "lg" ? 8 : 4}>
          {options.map((option, index) => (
            <Radio.Card
              key={option.value}
              value={option.value}
              id={option.value === selected ? id : optionId(id, options, option.value)}
              className="option"
              data-size={size}
              data-testid={`option-${option.value}`}
            >
              <Radio.Indicator size="sm" />
              <OptionText options={options} index={index} />
            </Radio.Card>
          ))}
        </Stack>
      </Radio.Group>
      {other !== undefined && chosen === other.value && <OwnWords {...props} other={other} several={false} />}
    </>
  );
}

function ManyOptions({ id, options, value, change, labelledBy, invalid, size }: OptionInputProps) {
  return (
    <Select
      id={id}
      size={size}
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

export function SeveralOptions(props: OptionInputProps) {
  const { id, type, options, value, change, size } = props;
  const lines = linesOf(value);
  const other = options.find((option) => option.other);
  const own = ownWords(value, options);
  const has = (option: OptionView) => lines.includes(option.value) || (option.other && own !== "");
  const choose = (option: OptionView) =>
    change(
      option.other && own !== ""
        ? lines.filter((line) => line !== own).join("\n")
        : toggled(value, option, options),
    );
  return (
    <Group {...props} pressed={(event) => pressed(event, type, options, true, choose)}>
      {options.map((option, index) => (
        <Checkbox.Card
          key={option.value}
          id={index === 0 ? id : optionId(id, options, option.value)}
          checked={has(option)}
          onClick={() => choose(option)}
          className="option"
          data-size={size}
          data-testid={`option-${option.value}`}
        >
          <Checkbox.Indicator size="sm" />
          <OptionText options={options} index={index} />
        </Checkbox.Card>
      ))}
      {other !== undefined && has(other) && <OwnWords {...props} other={other} several />}
    </Group>
  );
}

export function RankedOptions(props: OptionInputProps) {
  const { id, type, options, value, change, size } = props;
  const lines = linesOf(value);
  const choose = (option: OptionView) => change(rankedOrNot(value, option));
  return (
    <Group {...props} pressed={(event) => pressed(event, type, options, true, choose)}>
      <p className="quiet" id={`${id}-how`}>
        Choose them one after the other, the most important first.
      </p>
      {options.map((option, index) => {
        const place = lines.indexOf(option.value);
        return (
          <div key={option.value} className="ranked">
            <Button
              variant={place < 0 ? "default" : "light"}
              size={size === "lg" ? "md" : "compact-md"}
              justify="start"
              id={index === 0 ? id : optionId(id, options, option.value)}
              onClick={() => choose(option)}
              aria-pressed={place >= 0}
              leftSection={<span className="rank">{place < 0 ? "–" : place + 1}</span>}
              rightSection={<Key options={options} index={index} />}
              data-testid={`option-${option.value}`}
            >
              {option.label}
            </Button>
            {place >= 0 && (
              <>
                <Button
                  variant="subtle"
                  size="compact-sm"
                  disabled={place === 0}
                  onClick={() => change(moved(value, option, -1))}
                  aria-label={`Move up: ${option.label}`}
                >
                  ↑
                </Button>
                <Button
                  variant="subtle"
                  size="compact-sm"
                  disabled={place === lines.length - 1}
                  onClick={() => change(moved(value, option, 1))}
                  aria-label={`Move down: ${option.label}`}
                >
                  ↓
                </Button>
              </>
            )}
          </div>
        );
      })}
    </Group>
  );
}

/** The marks of a rating side by side; the number keys choose. */
export function Marks(props: OptionInputProps) {
  const { id, value, change } = props;
  const marks = marksOf(props.minimum, props.maximum);
  const selected = marks.includes(value) ? value : (marks[0] ?? "");
  const options = marks.map((mark) => ({
    value: mark,
    label: mark,
    key: mark,
    exclusive: false,
    other: false,
  }));
  return (
    <Radio.Group
      value={value}
      onChange={change}
      aria-labelledby={props.labelledBy}
      {...described(props)}
      aria-invalid={props.invalid}
      required={props.required}
      onKeyDown={(event) =>
        pressed(event, props.type, options, value !== "", (option) => change(option.value))
      }
      data-testid="dialog-marks"
    >
      <div className="marks">
        {marks.map((mark) => (
          <Radio.Card
            key={mark}
            value={mark}
            id={mark === selected ? id : `${id}-${mark}`}
            className="mark"
            data-testid={`option-${mark}`}
          >
            {mark}
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}

interface GroupProps extends OptionInputProps {
  pressed: (event: KeyboardEvent) => void;
  children: ReactNode;
}

function Group(props: GroupProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would want a legend; the question names it
    <div
      role="group"
      aria-labelledby={props.labelledBy}
      {...described(props)}
      className="options"
      onKeyDown={props.pressed}
      data-testid="dialog-options"
    >
      <Stack gap={props.size === "lg" ? 8 : 4}>{props.children}</Stack>
    </div>
  );
}

interface OwnWordsProps extends OptionInputProps {
  other: OptionView;
  several: boolean;
}

function OwnWords({ id, options, value, change, other, several, size, invalid }: OwnWordsProps) {
  return (
    <TextInput
      id={`${id}-own`}
      size={size}
      label={`${other.label}: in own words`}
      value={ownWords(value, options)}
      error={invalid}
      onChange={(event) => change(withOwnWords(value, options, event.currentTarget.value, several))}
      onKeyDown={(event) => event.stopPropagation()}
      autoComplete="off"
      data-testid="dialog-own-words"
    />
  );
}

function OptionText({ options, index }: { options: readonly OptionView[]; index: number }) {
  return (
    <>
      <span className="option-label">{options[index]?.label}</span>
      <Key options={options} index={index} />
    </>
  );
}

function Key({ options, index }: { options: readonly OptionView[]; index: number }) {
  const key = optionKey(options, index);
  return key === "" ? null : <kbd className="key">{key}</kbd>;
}

function described({ describedBy }: OptionInputProps) {
  return describedBy === undefined ? {} : { "aria-describedby": describedBy };
}

function pressed(
  event: KeyboardEvent,
  type: string,
  options: readonly OptionView[],
  complete: boolean,
  choose: (option: OptionView) => void,
): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Enter" && complete) {
    submitForm(event);
    return;
  }
  const option = optionForKey(type, options, event.key);
  if (option === null) return;
  event.preventDefault();
  choose(option);
}

function optionId(id: string, options: readonly OptionView[], value: string): string {
  return `${id}-${options.findIndex((option) => option.value === value)}`;
}
