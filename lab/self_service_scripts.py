"""Scripts the self-service pages are tested with: every type of question, groups, hostile texts."""

from __future__ import annotations

from pathlib import Path

from caruso.script_engine.turns import QuestionType

#: In any text of a script this must be shown letter by letter.
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"&amp;"
_ESCAPED = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

METER_READING = Path(__file__).resolve().parent.parent / "packs" / "utility" / "scripts" / "meter-reading.xml"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
"""

#: Two languages, a choice, a number with a warning, a way back, and an end that depends on the answers.
READING = f"""{_HEAD}<dialog id="reading" version="1.0" languages="en de nl it" channels="web agent"
  expires="1h">
  <title lang="en">Meter reading</title><title lang="de">Zählerstand</title>
  <title lang="nl">Meterstand</title><title lang="it">Lettura del contatore</title>
  <info id="hello">
    <text lang="en">Please have your meter at hand.</text>
    <text lang="de">Bitte halten Sie den Zähler bereit.</text>
    <text lang="nl">Houd uw meter bij de hand.</text><text lang="it">Tenga a portata di mano il contatore.</text>
  </info>
  <question id="product" type="choice">
    <text lang="en">Which meter is it about?</text><text lang="de">Um welchen Zähler geht es?</text>
    <text lang="nl">Om welke meter gaat het?</text><text lang="it">Di quale contatore si tratta?</text>
    <hint>For agents only.</hint>
    <option value="gas"><text lang="en">Gas</text><text lang="de">Gas</text><text lang="nl">Gas</text>
      <text lang="it">Gas</text></option>
    <option value="power"><text lang="en">Electricity</text>
    <text lang="de">Strom</text>
    <text lang="nl">Stroom</text>
      <text lang="it">Elettricità</text></option>
  </question>
  <question id="reading" type="integer" min="0" max="999999">
    <text lang="en">What does the meter say?</text><text lang="de">Welchen Stand zeigt der Zähler?</text>
    <text lang="nl">Wat is de meterstand?</text><text lang="it">Che cosa segna il contatore?</text>
    <check level="warning" if="answers.reading ge 1000">
      <text lang="en">This is lower than your last reading.</text>
      <text lang="de">Das ist weniger als beim letzten Mal.</text>
      <text lang="nl">Dat is minder dan de vorige keer.</text><text lang="it">È meno dell'ultima volta.</text>
    </check>
  </question>
  <question id="remark" type="memo" required="no">
    <text lang="en">Is there anything we should know?</text><text lang="de">Sollten wir noch etwas wissen?</text>
    <text lang="nl">Moeten wij nog iets weten?</text><text lang="it">C'è altro che dovremmo sapere?</text>
  </question>
  <end id="thanks" outcome="done">
    <text lang="en">Thank you. We have noted <value of="answers.reading"/> for
      <value of="answers.product"/>.</text>
    <text lang="de">Danke. Wir haben <value of="answers.reading"/> für <value of="answers.product"/>
      notiert.</text>
    <text lang="nl">Dank u. Wij hebben <value of="answers.reading"/> voor <value of="answers.product"/>
      genoteerd.</text>
    <text lang="it">Grazie. Abbiamo annotato <value of="answers.reading"/> per
      <value of="answers.product"/>.</text>
  </end>
</dialog>
""".encode()

_OPTIONS = """<option value="water"><text>Water</text></option><option value="heat"><text>Heating</text></option>
<option value="light"><text>Light</text></option>"""
_WITH_OPTIONS = {
    QuestionType.CHOICE: _OPTIONS + '<option value="more" other="yes"><text>Something else</text></option>',
    QuestionType.CHOICES: _OPTIONS + '<option value="none" exclusive="yes"><text>None of these</text></option>',
    QuestionType.RANKING: _OPTIONS,
}
_MORE = {
    QuestionType.MONEY: ' currency="EUR" min="0" max="500"',
    QuestionType.DATE: ' max="today()"',
    QuestionType.NUMBER: ' min="0" max="12.5"',
}


def _question(kind: QuestionType) -> str:
    return (
        f'<question id="{kind.value.replace("-", "_")}" type="{kind.value}"{_MORE.get(kind, "")}>'
        f"<text>A question of type {kind.value}?</text>{_WITH_OPTIONS.get(kind, '')}</question>"
    )


#: Every type, one page each.
EVERY_TYPE = f"""{_HEAD}<dialog id="every-type" version="1.0" languages="en" channels="web agent">
<title>Every type of question</title>
{"".join(_question(kind) for kind in QuestionType)}
<end id="over" outcome="done"><text>All types were answered.</text></end></dialog>
""".encode()

#: Several questions on a page, with what is between them.
TOGETHER = f"""{_HEAD}<dialog id="together" version="1.0" languages="en" channels="web agent">
<title>Moving house</title>
<group id="person" show="together"><title>About you</title>
<question id="name" type="text"><text>What is your name?</text></question>
<info id="between"><text>We write to you at this address.</text></info>
<question id="mail" type="email"><text>What is your e-mail address?</text></question>
<question id="since" type="date" required="no"><text>Since when have you lived there?</text></question>
<question id="pets" type="yes-no"><text>Do you have pets?</text></question>
</group>
<question id="sure" type="yes-no"><text>Is everything right?</text></question>
<end id="over" outcome="done"><text>Have a good time in your new home.</text></end></dialog>
""".encode()

#: Texts that would do harm if they were taken for HTML.
NASTY = f"""{_HEAD}<dialog id="nasty" version="1.0" languages="en" channels="web agent">
<title>{_ESCAPED}</title>
<info id="said"><text>{_ESCAPED}</text></info>
<question id="asked" type="choice"><text>{_ESCAPED}</text><hint for="web">{_ESCAPED}</hint>
<option value="{_ESCAPED}"><text>{_ESCAPED}</text></option><option value="b"><text>b</text></option>
<check if="answers.asked = 'b'"><text>{_ESCAPED}</text></check></question>
<question id="words" type="text"><text>Say something.</text></question>
<info id="echo" confirm="yes"><text>You said: <value of="answers.words"/></text></info>
<end id="over" outcome="done"><text>{_ESCAPED}</text></end></dialog>
""".encode()

#: A service that takes its time, then a person.
TO_A_PERSON = f"""{_HEAD}<dialog id="to-a-person" version="1.0" languages="en" channels="web agent">
<title>Complaint</title>
<question id="what" type="memo"><text>What went wrong?</text>
<do service="note.add" id="note"><param name="text" as="answers.what"/>
<on-failure><log level="warning">Not kept.</log></on-failure></do></question>
<handover id="to-agent" channel="agent" queue="'complaints'"><text>Somebody will take care of it.</text></handover>
<question id="solved" type="yes-no"><text>Is it solved?</text></question>
<end id="over" outcome="done"/></dialog>
""".encode()

#: A question that should be answered soon.
TIMED = f"""{_HEAD}<dialog id="timed" version="1.0" languages="en" channels="web agent">
<title>Offer</title>
<question id="take" type="yes-no" time-limit="60s"><text>Will you take the offer?</text>
<on event="time-up"><next to="late"/></on></question>
<end id="over" outcome="done"><text>Thank you.</text></end>
<end id="late" outcome="late"><text>The offer is gone.</text></end></dialog>
""".encode()

ALL = (READING, EVERY_TYPE, TOGETHER, NASTY, TO_A_PERSON, TIMED)
