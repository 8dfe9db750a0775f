"""The demo city: an invented town whose books go through the same doors as real ones.

- `names`: numbers with valid check digits, and names that belong to nobody;
- `stories`: the named units and what happens to them;
- `city`: the whole town from one seed, the same every time;
- `expected`: what is due, worked out a second time, apart from `relief.calc`;
- `payments`: who paid what and when; `projects`: construction projects as they were filed;
- `workbooks`: the town as workbooks of the public formats;
- `steps`, `load`: imports, runs and stories through the real services, one step after
  another, each looking first whether it has been done;
- `accounts`: who may sign in, and with what.

None of it is real: credit codes use an organisation number that is not given out, people
have sequence numbers that are not in use, telephone numbers begin with a zero.
"""
