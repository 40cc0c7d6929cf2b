"""Ends a server that hangs, and starts it again: signs of life in systemd's protocol, and who waits for them.

The server tells systemd, or `caruso watch` where there is no systemd, that its event loop goes round
(`life_signs`); `verdict` decides how long silence is borne; `watcher` runs a server and kills the one that hangs.
"""
