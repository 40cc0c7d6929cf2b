import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Shade 7 and darker carry white text at 4.5:1 or more. */
const petrol: MantineColorsTuple = [
  "#e8f6f9",
  "#d3eaf0",
  "#a5d5e0",
  "#75bfd0",
  "#4eadc2",
  "#2f93aa",
  "#1c7d94",
  "#116a80",
  "#0b5a6b",
  "#054553",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 7 },
  colors: { petrol },
  fontFamily:
    "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', Arial, sans-serif",
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
});

/** Filled buttons that mean something; white on each is 5:1 or more, in both schemes. */
export const ACTION_COLORS = { go: "#1b7334", held: "#94470a", end: "#b92525" };

const QUIET = { "--mantine-color-dimmed": "var(--quiet)", "--mantine-color-error": "var(--bad)" };

/** The kit's own quiet grey is too light to read. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...QUIET, "--mantine-color-placeholder": "#66737d" },
  dark: { ...QUIET, "--mantine-color-placeholder": "#94a1ab" },
});
