"""What papers (材料) go by, apart from the database.

- `workflow`: what may follow what;
- `files`: which files are taken in;
- `uses`: what each kind of matter says about its papers, filled in by the apps above.
"""
