"""Small scripts for tests of runs: how they are kept, moved, and what they order."""

from __future__ import annotations

#: Two questions, a service that is waited for, and one in the background.
MOVING = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="moving" version="1" languages="en" channels="agent web phone">
  <title>Moving house</title>
  <object name="customer" class="Customer" key="call.customer" access="write"/>
  <question id="street" type="text" bind="customer.street" save="answer"><text>Where to?</text></question>
  <question id="people" type="integer" min="1" max="20"><text>How many people?</text>
    <next to="check"><do service="tariff.check" id="check-tariff" result="tariff" when="now" timeout="5s">
      <param name="people" as="answers.people"/>
      <on-failure><text>That did not work.</text></on-failure>
    </do></next>
  </question>
  <question id="check" type="yes-no">
    <text>The tariff is <value of="result.tariff" if-empty="unknown"/>. All right?</text>
    <next to="thanks"><do service="email.send" id="mail" when="background" retries="2" retry-wait="1s">
      <param name="to" as="'anna@example.org'"/>
      <on-failure><log>no mail</log></on-failure>
    </do></next>
  </question>
  <end id="thanks" outcome="moved"><text>Thank you.</text></end>
</dialog>
"""

#: The same with another first question: what an edit makes of it.
MOVING_2 = MOVING.replace(b'version="1"', b'version="2"', 1).replace(b"Where to?", b"Where do you move to?")

#: Asks on the phone and on the web, and has an agent go on.
QUESTION = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="question" version="1" languages="en" channels="agent web phone">
  <title>A question</title>
  <question id="number" type="digits"><text>Your number?</text><input digits="1-6" end-key="#"/></question>
  <handover id="to-agent" channel="agent" queue="'billing'"><text>One moment.</text></handover>
  <question id="topic" type="text"><text>What is it about?</text></question>
  <end id="done" outcome="answered"><text>Goodbye.</text></end>
</dialog>
"""
