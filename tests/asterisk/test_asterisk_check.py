"""``caruso asterisk check`` tells what is missing, in a line each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from caruso.comm_server.asterisk.check import CheckLine, check_asterisk
from caruso.comm_server.asterisk.settings import AsteriskSettings
from lab.asterisk import LocalAsterisk
from lab.listening import Link, settings_for


async def mistakes(settings: AsteriskSettings) -> dict[str, str]:
    """Return what is missing."""
    lines = await check_asterisk(settings)
    return {line.what: line.detail for line in lines if not line.ok}


async def test_the_asterisk_of_the_lab_lacks_nothing_and_the_link_is_not_disturbed(
    pbx: LocalAsterisk, link: Link
) -> None:
    assert await mistakes(settings_for(pbx)) == {}
    assert link.telephony.up


async def test_wrong_passwords_are_named(pbx: LocalAsterisk) -> None:
    found = await mistakes(replace(settings_for(pbx), ari_password="wrong", ami_secret="wrong"))
    assert set(found) == {"ARI", "AMI"}
    assert "password" in found["ARI"]
    assert "Authentication failed" in found["AMI"]


async def test_a_dialplan_that_does_not_hand_over_is_named(pbx: LocalAsterisk) -> None:
    assert "no context elsewhere" in (await mistakes(replace(settings_for(pbx), context="elsewhere")))["Dialplan"]
    assert "Stasis(other,in" in (await mistakes(replace(settings_for(pbx), app="other")))["Dialplan"]


async def test_phones_that_could_not_connect_are_named(pbx: LocalAsterisk) -> None:
    wrong = replace(
        settings_for(pbx),
        phone_ws_url=f"ws://127.0.0.1:{pbx.http_port}/nothing",
        phone_sip_server="sip:127.0.0.1:9",
    )
    assert set(await mistakes(wrong)) == {"Browser phones", "SIP"}


class SpoiltAsterisk(LocalAsterisk):
    """An Asterisk in whose configuration something is wrong: by file, what should stand there and what does."""

    def __init__(self, work_dir: Path, spoilt: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(work_dir)
        self._spoilt = spoilt

    def write_configuration(self) -> None:
        """Write the good configuration, then spoil it."""
        super().write_configuration()
        for name, changes in self._spoilt.items():
            file = self.work_dir / "etc" / name
            text = file.read_text(encoding="utf-8")
            for good, bad in changes.items():
                assert good in text, f"{name} has no {good}"
                text = text.replace(good, bad)
            file.write_text(text, encoding="utf-8")


#: What is wrong, and what is said of it.
SPOILT: dict[str, tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]] = {
    "modules": (
        {"modules.conf": {"load=res_musiconhold.so": "", "load=res_srtp.so": ""}},
        {
            "Modules": r"res_musiconhold\.so \(no music for waiting callers\) \(modules\.conf\)",
            "WebRTC modules": r"res_srtp\.so \(browser phones have no audio\) \(modules\.conf\)",
        },
    ),
    "read-only": (
        {"ari.conf": {"read_only=no": "read_only=yes"}},
        dict.fromkeys(("Phones: auth", "Phones: aor", "Phones: endpoint"), r"ari\.conf: read_only=no"),
    ),
    "phones-in-files": (
        {"sorcery.conf": {"auth=memory\n": "", "aor=memory\n": "", "endpoint=memory\n": ""}},
        {f"Phones: {kind}": rf"sorcery\.conf: {kind}=memory" for kind in ("auth", "aor", "endpoint")},
    ),
    "manager-may-not": (
        {"manager.conf": {"write=system,reporting": "write=call"}},
        {"Dialplan": r"[Pp]ermission.*manager\.conf: write=system,reporting"},
    ),
    "callers-dropped": (
        {"extensions.conf": {'GotoIf($["${STASISSTATUS}" != "FAILED"]?done)': "NoOp()"}},
        {"Dialplan": r"drops callers while no server is connected"},
    ),
    "phones-may-dial": (
        {
            "extensions.conf": {
                "[caruso-in-phones]": "[caruso-in-phones]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@trunk)"
            }
        },
        {"Phones' context": r"agents' phones can dial what is in caruso-in-phones"},
    ),
    "no-websocket": (
        {
            "pjsip.conf": {"protocol=ws": "protocol=tcp"},
            "modules.conf": {"load=res_pjsip_transport_websocket.so": ""},
        },
        {"WebRTC modules": r"res_pjsip_transport_websocket\.so", "Browser phones": r"pjsip\.conf|http\.conf"},
    ),
    "no-events": (
        {"modules.conf": {"load=res_ari_events.so": ""}},
        {"Modules": r"res_ari_events\.so \(no events\)", "Event socket": r"res_ari_events\.so"},
    ),
}


@pytest.mark.parametrize(("spoilt", "said"), SPOILT.values(), ids=SPOILT)
async def test_what_is_wrong_is_said_in_one_line_with_the_file_that_mends_it(
    tmp_path: Path, spoilt: Mapping[str, Mapping[str, str]], said: Mapping[str, str]
) -> None:
    """Each of a number of mistakes in a company's own Asterisk, and nothing but that is complained about."""
    async with SpoiltAsterisk(tmp_path / "pbx", spoilt) as pbx:
        found = await mistakes(settings_for(pbx))
    assert set(found) == set(said), found
    for what, expression in said.items():
        assert re.search(expression, found[what]), found[what]
        assert "\n" not in found[what]


class WithoutSounds(LocalAsterisk):
    """An Asterisk beside which the package of sounds was not installed."""

    def _link_data(self) -> None:
        super()._link_data()
        (self.work_dir / "data" / "sounds" / "en").unlink()


async def test_sounds_that_are_not_installed_are_named_by_their_package(tmp_path: Path) -> None:
    async with WithoutSounds(tmp_path / "pbx") as pbx:
        found = await mistakes(settings_for(pbx))
    assert set(found) == {"Sounds"}
    assert "package asterisk-core-sounds-en-wav" in found["Sounds"]


async def test_an_asterisk_that_is_not_there_is_named_not_raised(pbx: LocalAsterisk) -> None:
    nowhere = replace(settings_for(pbx), ari_url="http://127.0.0.1:9/ari", ami_port=9)
    assert {"ARI", "AMI"} <= set(await mistakes(nowhere))


def test_a_line_says_at_its_beginning_whether_something_is_missing() -> None:
    assert str(CheckLine(what="ARI", ok=False, detail="x")).startswith("MISSING")
    assert str(CheckLine(what="ARI", ok=True, detail="x")).startswith("ok")
