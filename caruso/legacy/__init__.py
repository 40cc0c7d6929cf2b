"""Wrappers: services in front of systems that were there before. One class for each kind of system.

    plugins/erp.py    class Erp(RestService): …        what it can be asked
    caruso.toml       [services.systems.erp]           where it is, and as whom we sign in

Whoever asks sees a service like any other. Time-outs, bounded queues, circuit breaker, statistics and permissions
are the service manager's; a wrapper only translates, and says what failed. docs/legacy.md shows how to write one.
Some kinds need libraries of their own: ``pip install caruso[legacy]``.
"""
