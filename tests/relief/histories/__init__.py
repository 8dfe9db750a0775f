"""Random histories of employers against an oracle that was written without looking at the program.

- `oracle`: what is due and paid, worked out slowly, a person and a fact at a time
- `world`: five hundred lives at once, through imports and runs in any order
"""
