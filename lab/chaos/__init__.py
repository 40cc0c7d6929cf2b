"""``make chaos``: a centre under load in which something breaks every half a minute, and what came of it.

`faults` draws what breaks, `house` is the centre and breaks it, `people` call and work there, `checker` holds what
they saw against the journal, `run` does it all.
"""
