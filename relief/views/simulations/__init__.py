"""Simulations on the desk: `desk` asks, shows, agrees and starts the run; `differences` lists what
a simulation or a run changes."""
