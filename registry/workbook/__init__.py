"""Reading workbooks that come from outside. Pure: no Django, no database, no settings.

- `schema`: what a workbook must look like, as data;
- `prescan`: what a file is, and whether it may be opened, before anything opens it
  (`package` and its `parts` and `sheets` for .xlsx, `compound` for .xls);
- `reader`: the first sheet of an .xlsx, .xls or .csv, row by row, told apart by content;
- `cells`: one cell, from what the file says to what the database takes;
- `check`: the tight loop over all rows: what is wrong, and a file ready for `COPY`;
- `template`: the empty workbook of a kind, with rules, notes and a version;
- `annotate`: the user's own workbook back, its wrong cells marked (`marks`: which cells,
  `pens`: how they are written) and its bad rows by themselves (`digest`: known again later);
- `child`: checking and marking as a program of its own, `python -m registry.workbook.child`;
- `confine`: what this program may not do: memory, time, network, other programs;
- `fence`: starts this program and listens to it.

The process that serves pages or talks to the database never parses a file itself: a
workbook of 4 KB can ask for gigabytes, and only the child would die of it.
"""
