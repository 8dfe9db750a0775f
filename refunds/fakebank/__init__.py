"""A bank to practise with: a process of its own with books of its own.

It imports nothing of ours but the pure formats: no models, no settings, no database. Its books
are the truth that tests compare our money with; its *answers* may lie, as its mood says.

- `books`: accounts, batches, payments, movements and outbox, in one SQLite file;
- `orders`: what a batch asks for, read from each format;
- `moods`: what it does wrong, from a seed alone;
- `rules`: what becomes of a payment, from its account number;
- `replies`: its files, written; `spoil`: the bytes of a file, spoiled;
- `bank`: the bank itself: takes orders, pays, answers, ends its day;
- `folder` and `http`: how batches and answers travel;
- `program`: the command line, `python -m refunds.fakebank` and `manage.py fake_bank`.
"""
