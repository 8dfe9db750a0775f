"""Every write of this app: one use case, one transaction each.

- `documents`: the published policy documents
- `holds`: raised bases, held when they are declared, ended by their audit
- `runs`: starting, cancelling and finishing a recalculation
- `work`: working a run's shards, with leases, by whichever worker is there
"""
