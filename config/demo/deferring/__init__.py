"""Deferral in the demo city: months around the day of loading, which 2020 has not.

- `timeline`: the working days before the day of loading on which things happened;
- `law`: two documents that say of themselves that they are made up, published by two officers
  through the drafts of the policy workshop;
- `units`: units that have declared last month and can't pay it, as workbooks;
- `stories`: how far the application of each has come, and with which words;
- `walks`: the applications, opinions, agreements and a person's matter, by the real services.

The day is kept in the published document, so that a load that was killed goes on with it.
"""
