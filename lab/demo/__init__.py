"""The demo: a contact centre of an energy utility with real calls, on this machine's loopback only.

`house` starts and stops what runs (Asterisk, database, server), `callers` and `agents` are its people, `narrator`
tells what happens, `verdict` decides whether all went well, `__main__` leads from the first line to the last.
"""
