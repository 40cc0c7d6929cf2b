/** What stands in the place of a list that cannot be read, or above one that is an old one. */

import { Button } from "@mantine/core";
import type { Answer } from "../state/answer";
import { isOld } from "../state/answer";
import { Icon } from "./icons";

interface UnreadableProps {
  /** What it is, in words that go on with “cannot be shown”. */
  what: string;
  answer: Answer<unknown>;
  again: () => void;
  testid: string;
}

export function Unreadable({ what, answer, again, testid }: UnreadableProps) {
  if (answer.problem === "") return null;
  if (isOld(answer)) {
    return (
      <div className="banner" data-tone="bad" role="alert" data-testid={testid}>
        <Icon name="warning" />
        <div className="banner-text">{`${answer.problem} What is shown is old.`}</div>
        <Button size="compact-sm" variant="white" color="dark" loading={answer.loading} onClick={again}>
          Try again
        </Button>
      </div>
    );
  }
  return (
    <div className="empty empty-small" role="alert" data-testid={testid}>
      <p className="empty-title">{`${what} cannot be shown`}</p>
      <p>{answer.problem}</p>
      <Button loading={answer.loading} onClick={again}>
        Try again
      </Button>
    </div>
  );
}
