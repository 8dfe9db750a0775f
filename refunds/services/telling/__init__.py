"""Telling units that are due money, and helping those who don't come by themselves.

- `reminders`: before the day until which a unit is asked to choose, and sent by an officer
- `for_unit`: a choice that an officer notes for a unit, with evidence, by two people
"""
