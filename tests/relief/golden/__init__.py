"""Past runs kept as files: a folder for each release, with what came in and what was found.

`steps.toml` says in which order workbooks came in and runs were made; `*.csv` are the workbooks in and
the public tables out. A release adds a folder (`python -m tests.relief.golden.write NAME`) and never
changes an older one: the law of a day must come to the same fen for ever.
"""
