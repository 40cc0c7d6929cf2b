"""What an accessibility checker (axe-core) finds on a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "agent_ui" / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.2 AA as far as a program can tell, by the checker's tags.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

_FOUND = """async (rules) => {
  const result = await axe.run(document, { runOnly: rules });
  return result.violations.flatMap(rule =>
    rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""


async def violations(page: Page, rules: Sequence[str] = WCAG) -> list[str]:
    """Return what breaks the rules, the checker's tags or single rules; without scripts it cannot look."""
    if await page.evaluate("window.axe === undefined"):
        await page.evaluate(AXE.read_text())
    return list(await page.evaluate(_FOUND, list(rules)))
