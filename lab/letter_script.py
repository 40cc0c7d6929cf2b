"""A dialog of one long question, two keys and a long hand-over: time enough to interrupt, and to hear it again."""

from __future__ import annotations

LETTER = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="letter" version="1.0" languages="en" channels="phone agent">
  <title lang="en">Letter</title>
  <question id="number" type="digits">
    <text lang="en">Please enter the two digits that stand on the upper right of the letter you had from us.</text>
    <input digits="2" first-digit-timeout="20s" next-digit-timeout="20s"/>
  </question>
  <handover id="over" channel="agent" resume-at="done">
    <text lang="en">One moment please, I am connecting you with a colleague who can help you with that.</text>
  </handover>
  <end id="done" outcome="handled"/>
</dialog>
"""
