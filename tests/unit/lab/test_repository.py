"""What must hold for the repository as a whole, and no linter knows."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]

# In pieces, so that this file does not find itself.
ADDRESSES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
    "deb.debian" + ".org",
    "ftp.debian" + ".org",
    "snapshot.debian" + ".org",
]
#: A path that begins with one of these; after a bracket it is a step of an XPath.
HOMES = re.compile(r"(?<![\w.~$}<)-])/(?:root|work|home|Users)/")
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive knows not which files are its own")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked_files():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture or a sound
    return found


def test_no_file_names_the_address_of_a_package_registry() -> None:
    named = [(name, address) for name, text in texts() for address in ADDRESSES if address in text]
    assert named == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    named = [
        f"{name}: {line.strip()[:100]}"
        for name, text in texts()
        for line in text.splitlines()
        if HOMES.search(line)
    ]
    assert named == []


def test_no_file_holds_a_private_key() -> None:
    assert [name for name, text in texts() if SECRETS.search(text)] == []


def lines_of_the_makefile() -> list[str]:
    return (ROOT / "Makefile").read_text().splitlines()


def targets() -> set[str]:
    return {line.split(":")[0] for line in lines_of_the_makefile() if re.match(r"[a-z][a-z-]*:(?!=)", line)}


def test_help_lists_every_target() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    listed = {line.split()[1] for line in said.splitlines() if line.strip()}
    assert listed == targets()
    assert {"help", "demo", "test", "check"} <= listed


def test_every_target_is_known_to_be_no_file() -> None:
    phony = {
        name
        for line in lines_of_the_makefile()
        if line.startswith(".PHONY:")
        for name in line.split(":")[1].split()
    }
    assert phony == targets()


def locked_versions() -> dict[str, str]:
    lock = (ROOT / "requirements.lock").read_text()
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
    }


def wanted_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = project["project"]["optional-dependencies"]
    wanted = project["project"]["dependencies"] + optional["fast"] + optional["legacy"]
    return [Requirement(text) for text in wanted + project["dependency-groups"]["dev"]]


@pytest.mark.parametrize("wanted", wanted_requirements(), ids=lambda wanted: wanted.name)
def test_the_lock_file_holds_what_the_project_asks_for(wanted: Requirement) -> None:
    locked = locked_versions().get(canonicalize_name(wanted.name))
    assert locked is not None, f"{wanted.name} is not in requirements.lock: run `make lock`"
    assert wanted.specifier.contains(locked, prereleases=True), f"{wanted} but {locked} is locked: run `make lock`"


def test_every_locked_version_has_a_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    without = [entry.split()[0] for entry in re.split(r"\n(?=\S)", lock) if "--hash=sha256:" not in entry]
    assert without == []


def test_the_console_locks_no_addresses() -> None:
    lock = ROOT / "agent_ui" / "package-lock.json"
    if not lock.exists():
        pytest.skip("the console is not here yet")
    assert re.findall(r'"resolved": "(?!file:)[^"]*"', lock.read_text()) == []


def test_the_console_locks_what_it_asks_for() -> None:
    """The set-up cannot use `npm ci`, which would check this."""
    console = ROOT / "agent_ui"
    if not (console / "package-lock.json").exists():
        pytest.skip("the console is not here yet")
    asked = json.loads((console / "package.json").read_text())
    locked = json.loads((console / "package-lock.json").read_text())["packages"]
    for kind in ("dependencies", "devDependencies"):
        assert locked[""].get(kind) == asked.get(kind)
        for name, version in asked.get(kind, {}).items():
            assert locked[f"node_modules/{name}"]["version"] == version


def test_every_relative_link_of_a_page_leads_to_a_file() -> None:
    pages = [path for path in tracked_files() if path.suffix == ".md" and "node_modules" not in path.parts]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(
            r"\]\(([^)\s#]+)", re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
        )
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    assert broken == []
