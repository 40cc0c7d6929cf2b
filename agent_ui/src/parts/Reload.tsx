/** How old an answer is, and a button that asks again. */

import { Button } from "@mantine/core";
import { type Answer, isOld } from "../state/answer";
import { AsOf } from "./Age";

interface ReloadProps {
  answer: Answer<unknown>;
  again: () => void;
  testid: string;
}

export function Reload({ answer, again, testid }: ReloadProps) {
  return (
    <>
      {answer.heardAt !== null && <AsOf heardAt={answer.heardAt} stale={isOld(answer)} />}
      <Button
        size="compact-sm"
        variant="default"
        loading={answer.loading}
        onClick={again}
        data-testid={testid}
      >
        Reload
      </Button>
    </>
  );
}
