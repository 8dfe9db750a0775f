"""PostgreSQL and Valkey for one machine, out of pip wheels, over local sockets.

- `paths`: where everything lies, for root and for an ordinary user
- `folders`: making them, without losing or mixing up anybody's data
- `runtime`: the programs; for root, a copy that an unprivileged user may run
- `locks`: who uses the servers, known to the kernel and so right after any death
- `postgres`, `guard`: the database server, and the process that stops it behind the last user
- `valkey`: the doorbell; only `serve` starts it
- `servers`: join and leave; what the rest of the project calls

Nothing here knows Django, and nothing changes a folder outside its own data.
"""
