"""The monthly declaration online, as the enterprise goes through it.

- `start`: the months, one month, beginning and dropping a draft, uploading a workbook;
- `editor`: the table;
- `checking`: what was found, what would change, signing;
- `receipts`: what was accepted, its versions and what they differ in;
- `desk`: what came in, for the agency.
"""
