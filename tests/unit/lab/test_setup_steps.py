"""The set-up's steps on machines that are not ours.

Each test gets a PATH that holds just the programs its case is about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

STEPS = Path(__file__).parents[3] / "lab" / "setup"
BASICS = ["bash", "env", "basename", "dirname", "sed", "grep", "sort", "head", "tail", "tr", "cat", "rm", "mkdir"]
BASICS += ["mktemp", "flock", "awk", "tee", "mv", "chmod", "id", "find", "xargs", "sha256sum", "cut"]


class Machine:
    """A machine with few programs: the basic ones, and what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        basics = folder / "basics"
        basics.mkdir()
        # A folder of its own, looked into first: writing into `basics` would write through the links.
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.path = f"{self.programs}:{basics}"
        for name in BASICS:
            place = shutil.which(name)
            assert place is not None
            (basics / name).symlink_to(place)

    def install(self, name: str, script: str = "exit 0") -> None:
        program = self.programs / name
        assert not program.is_symlink()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def run(self, step: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": self.path,
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }
        return subprocess.run(
            ["bash", STEPS / step, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def debian(machine: Machine) -> Machine:
    """Knows python3, python3-venv and mmdebstrap; apt and sudo only write down what they are asked."""
    machine.install("dpkg-query", 'echo "installed python3\ninstalled python3-venv\ninstalled mmdebstrap"; exit 1')
    for name in ("apt-get", "sudo"):
        machine.install(name, f'echo "{name} $*" >>{machine.folder}/log')
    return machine


def test_a_machine_without_apt_is_told_which_programs_it_lacks(machine: Machine) -> None:
    machine.install("python3")
    machine.install("sipp")
    outcome = machine.run("packages.sh", "demo")
    assert outcome.returncode == 1
    assert "mmdebstrap espeak-ng sox" in outcome.stderr
    assert "sipp" not in outcome.stderr


def test_a_machine_without_apt_that_has_the_programs_is_left_alone(machine: Machine) -> None:
    for name in ("python3", "sipp", "mmdebstrap", "espeak-ng", "sox"):
        machine.install(name)
    outcome = machine.run("packages.sh", "demo")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_only_missing_packages_are_installed(debian: Machine) -> None:
    debian.install("id", "echo 0")
    outcome = debian.run("packages.sh", "demo")
    assert outcome.returncode == 0, outcome.stderr
    install = next(line for line in debian.log.splitlines() if " install " in line)
    assert install.endswith("sip-tester espeak-ng sox")
    assert "--no-install-recommends" in install


def test_a_user_installs_through_sudo_without_being_asked_where_nobody_could_answer(debian: Machine) -> None:
    debian.install("id", "echo 1000")
    outcome = debian.run("packages.sh", "demo")
    assert outcome.returncode == 0, outcome.stderr
    assert all(line.startswith("sudo -n ") for line in debian.log.splitlines())
    assert "DEBIAN_FRONTEND=noninteractive" in debian.log


def test_a_user_without_sudo_is_told_what_root_should_do(debian: Machine) -> None:
    debian.install("id", "echo 1000")
    (debian.programs / "sudo").unlink()
    outcome = debian.run("packages.sh", "demo")
    assert outcome.returncode == 1
    assert "as root: apt-get install sip-tester espeak-ng sox" in outcome.stderr


def test_a_user_whose_machine_has_everything_needs_no_rights(machine: Machine) -> None:
    names = ["python3", "python3-venv", "mmdebstrap", "sip-tester", "espeak-ng", "sox"]
    machine.install("dpkg-query", "\n".join(f"echo installed {name}" for name in names))
    machine.install("apt-get", "exit 99")
    machine.install("id", "echo 1000")
    assert machine.run("packages.sh", "demo").returncode == 0


def test_an_own_asterisk_that_is_recent_is_used(machine: Machine) -> None:
    machine.install("asterisk", "echo 'Asterisk 22.10.0'")
    outcome = machine.run("asterisk.sh")
    assert (outcome.returncode, outcome.stdout) == (0, "")
    assert not (machine.folder / "cache").exists()


@pytest.mark.parametrize("version", ["22.9.3", "20.19.0", "18.10.0~dfsg+~cs6.10.40431411-2"])
def test_an_own_asterisk_that_is_too_old_is_not_used(machine: Machine, version: str) -> None:
    machine.install("asterisk", f"echo 'Asterisk {version}'")
    outcome = machine.run("asterisk.sh")
    assert outcome.returncode == 1
    assert "an Asterisk of version 22.10 or newer" in outcome.stderr


APT_SOURCES = """cat <<'END'
Packages nodistro main https://other.example/node
Packages bookworm stable https://other.example/debian
Packages bookworm-security main http://security.example/debian-security
Packages stable main http://mirror.example/debian
Packages stable main http://mirror.example/debian
Translations stable main http://second.example/debian
END"""

MAKE_A_TREE = """
for word; do tree=$last; last=$word; done
echo "$last" >>{log}
mkdir -p "$tree/usr/lib64" "$tree/usr/lib/x86_64-linux-gnu"
: >"$tree/usr/lib/x86_64-linux-gnu/libc.so.6"
printf '#!/bin/sh\\necho Asterisk {version}\\n' >"$tree/usr/lib64/ld-linux-x86-64.so.2"
chmod 755 "$tree/usr/lib64/ld-linux-x86-64.so.2"
exit {code}
"""


def with_mmdebstrap(machine: Machine, version: str, code: int = 0) -> None:
    script = MAKE_A_TREE.replace("{log}", f"{machine.folder}/log").replace("{version}", version)
    machine.install("apt-get", APT_SOURCES)
    machine.install("mmdebstrap", script.replace("{code}", str(code)))


def trees(machine: Machine) -> list[str]:
    return sorted(path.name for path in (machine.folder / "cache" / "caruso").iterdir() if path.is_dir())


def test_asterisk_comes_from_the_machines_own_debian_mirror(machine: Machine) -> None:
    with_mmdebstrap(machine, "22.10.1~dfsg")
    outcome = machine.run("asterisk.sh")
    assert outcome.returncode == 0, outcome.stderr
    assert machine.log == "http://mirror.example/debian\n"
    assert trees(machine) == ["asterisk"]


def test_asterisk_is_unpacked_once(machine: Machine) -> None:
    with_mmdebstrap(machine, "22.10.1")
    machine.run("asterisk.sh")
    assert machine.run("asterisk.sh").stdout == ""
    assert machine.log.count("\n") == 1


def test_a_half_unpacked_asterisk_does_not_stay(machine: Machine) -> None:
    with_mmdebstrap(machine, "22.10.1", code=1)
    outcome = machine.run("asterisk.sh")
    assert outcome.returncode == 1
    assert "no Debian mirror of this machine gave us Asterisk" in outcome.stderr
    assert trees(machine) == []


def test_an_unpacked_asterisk_that_is_too_old_is_refused(machine: Machine) -> None:
    with_mmdebstrap(machine, "22.4.0")
    outcome = machine.run("asterisk.sh")
    assert outcome.returncode == 1
    assert "22.4.0" in outcome.stderr
    assert trees(machine) == []
