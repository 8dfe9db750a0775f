"""Servers, workers, the bell, the clock and the disk fail while money is on its way.

`town` goes on with refunds by real workers, `servers` are servers of our own to be killed, `web`
is the site as a process of its own. The long forms run with SOAK=1.
"""
