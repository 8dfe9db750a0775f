"""Telling units outside of the portal: by text message and e-mail.

- `rules`: hours, numbers, how often, and what a text message may hold; pure
- `kinds`: what there is to tell, and whether a unit may switch it off
- `interface`: what an adapter is given and what it says; pure
- `adapters`: which adapter the settings name; `to_file`, `by_smtp`, `by_gateway`

docs/algorithms/telling.md says in Chinese what is promised and what can't be.
"""
