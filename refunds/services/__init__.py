"""Every write about money going back, one use case each:

- `offers`: what a run found overpaid becomes an obligation and a notice
- `choose`: the enterprise chooses, takes its choice back, gives another account
- `approve`: two officers agree or refuse, a new account is confirmed
- `batches`: approved refunds are sealed into a batch; a fund's own account
- `bank`: sealed batches go out, the bank's answers come in
"""
