"""``caruso asterisk check`` tells what is missing, in a line each."""

from __future__ import annotations

from dataclasses import replace

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


async def test_an_asterisk_that_is_not_there_is_named_not_raised(pbx: LocalAsterisk) -> None:
    nowhere = replace(settings_for(pbx), ari_url="http://127.0.0.1:9/ari", ami_port=9)
    assert {"ARI", "AMI"} <= set(await mistakes(nowhere))


def test_a_line_says_at_its_beginning_whether_something_is_missing() -> None:
    assert str(CheckLine(what="ARI", ok=False, detail="x")).startswith("MISSING")
    assert str(CheckLine(what="ARI", ok=True, detail="x")).startswith("ok")
