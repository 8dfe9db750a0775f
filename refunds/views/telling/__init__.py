"""Telling units that are due money, on the desk.

- `contacts`: whom to telephone, the calls, and reminders to many
- `choices`: what a unit said, noted by one officer and confirmed by another
"""
