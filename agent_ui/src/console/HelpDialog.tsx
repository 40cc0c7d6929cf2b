import { Kbd, Modal, Stack, Switch, Table, Text } from "@mantine/core";
import { SHORTCUTS } from "../state/shortcuts";
import { useDesk } from "./desk";

const MORE = [
  {
    keys: "1 … 9",
    meaning: "Choose an option, while the question has the focus (yes and no: their first letter too)",
  },
  { keys: "Enter", meaning: "Answer the question, confirm an information" },
  { keys: "Esc", meaning: "Close a menu; leave a correction as it was" },
];

export function HelpDialog() {
  const { panel, openPanel, preferences, changePreferences } = useDesk();
  return (
    <Modal
      opened={panel === "help"}
      onClose={() => openPanel(null)}
      title="Keys"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
      data-testid="help-dialog"
    >
      <Stack>
        <Table verticalSpacing={6}>
          <Table.Tbody>
            {[...SHORTCUTS, ...MORE].map(({ keys, meaning }) => (
              <Table.Tr key={keys}>
                <Table.Th scope="row" w={110}>
                  <Kbd>{keys}</Kbd>
                </Table.Th>
                <Table.Td>{meaning}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Text size="sm" c="dimmed">
          On a Mac, Alt is the Option key.
        </Text>
        <Switch
          label="The ? key opens this help"
          checked={preferences.helpKey}
          onChange={(event) => changePreferences({ helpKey: event.currentTarget.checked })}
        />
      </Stack>
    </Modal>
  );
}
