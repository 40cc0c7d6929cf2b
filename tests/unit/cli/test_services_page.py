"""The page of services says what the code says."""

from __future__ import annotations

from pathlib import Path

from caruso.cli.services_page import services_page
from caruso.service_manager.built_in import OPERATIONS, SERVICES
from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.service import operation_markings

PAGE = Path(__file__).parents[3] / "docs" / "services.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == services_page(), "run: caruso service docs > docs/services.md"


def test_every_operation_is_on_the_page_with_its_params_and_failures() -> None:
    page = services_page()
    for name in OPERATIONS:
        assert f"### `{name}`" in page
    for row in (
        "| `to` | text of up to 254 characters | required |",
        "| `target` | text of up to 64 characters | required |",
        "| `mail-refused` |",
        "| `outcome-unknown` |",
    ):
        assert row in page


def test_failures_have_codes_of_their_own() -> None:
    kinds: list[type[ServiceFailed]] = [ServiceFailed, *ServiceFailed.__subclasses__()]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_every_failure_is_somewhere_on_the_page() -> None:
    page = services_page()
    own = [kind for kind in ServiceFailed.__subclasses__() if kind.__module__.startswith("caruso.service_manager")]
    assert own
    assert [kind.code for kind in own if f"`{kind.code}`" not in page] == []
    assert all(marked.fails is not None for kind in SERVICES for _, _, marked in operation_markings(kind))
