"""The double-entry book: what was charged, relieved, paid and given back, to the fen.

- `accounts`: the chart of accounts;
- `entries`: entries and legs before they are posted: pure;
- `models`, `guards`: the tables, and what the database refuses;
- `digest`, `chains`: the hash of every row, and the chain of postings;
- `services`: posting, catching up with the facts, corrections by two people;
- `slots`: how an app above says what its accounts should hold;
- `verify`: the proof. docs/algorithms/ledger.md says it all with an example.

Services write; nothing is ever changed or deleted, also not by hand.
"""
