"""A server is killed (-9) while a script's service works for a caller: all goes on, nothing is done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from caruso.model.views import DeskView
from lab.asterisk import LocalAsterisk
from lab.listening import clear
from lab.mail_server import mail_server
from lab.sipp import caller
from lab.staffed import nothing_left, staffed

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="receipt" version="1" languages="en" channels="phone agent">
  <title>Receipt</title>
  <question id="meter" type="digits"><text channel="phone">Your meter's number?</text><text>Meter</text>
    <input digits="1-4" end-key="#"/>
    <next to="to-agent">
      <do service="email.send" id="mail" when="now" timeout="20s">
        <param name="to" as="'customer@example.org'"/>
        <param name="subject" as="'Receipt'"/>
        <param name="text" as="answers.meter"/>
        <on-failure><text>We could not send it.</text></on-failure>
      </do>
    </next>
  </question>
  <handover id="to-agent" channel="agent" queue="'gas'"><text channel="phone">One moment.</text></handover>
  <question id="topic" type="text"><text>What else?</text></question>
  <end id="done" outcome="done"><text>Goodbye.</text></end>
</dialog>
"""

LINE = """
[entry_points.dialog]
name = "Dialog line"
numbers = ["7002"]
queue = "gas"
script = "receipt"
"""


def settings(port: int) -> str:
    return f"""
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "caruso@example.org"
timeout_seconds = 20.0
"""


def led_to_topic(view: DeskView) -> bool:
    return view.dialog is not None and view.dialog.turn.item == "topic"


async def test_kill_9_while_a_mail_is_being_sent_for_a_caller(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """The mail has arrived once, the answer is there, and the caller reaches an agent after the restart.

    SIPp ── 7002 ──► 4711# ──► mail server takes it, says nothing ── kill -9 ── start ──► “could not” ──► agent
    """
    script = tmp_path / "receipt.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    digits = [(1.5, "4"), (0.3, "7"), (0.3, "1"), (0.3, "1"), (0.3, "#")]
    async with mail_server({"DATA": "hang"}) as mails:
        house = staffed(
            pbx,
            tmp_path / "server",
            agents=1,
            more=LINE,
            scripts=[script],
            told=["script_action_outcome_unknown"],
            settings=settings(mails.port),
        )
        async with house as centre:
            async with caller(pbx, "7002", stay_seconds=600, digits=digits):
                async with asyncio.timeout(30):
                    await mails.hanging.wait()
                await centre.server.kill()
                mails.manners.clear()
                await centre.server.start()
                await centre.reopen_consoles()
                view = await centre.consoles[0].until(led_to_topic, seconds=30)
                assert view.dialog is not None
                assert [(entry.shown, entry.channel) for entry in view.dialog.trail] == [("4711", "phone")]
                await clear(pbx)
            await nothing_left(pbx)
        assert [mail.get_content().strip() for mail in mails.mails] == ["4711"]
        assert "script_action_outcome_unknown" in centre.server.log
