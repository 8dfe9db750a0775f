"""Reconciling a day of an account: the statement in SQL, and what its rows come to.

docs/algorithms/reconciliation.md says it in words.
"""
