"""Shared reads of deferrals.

- `amounts`: what may be deferred of a unit, and what it comes to, from assessments;
- `applications`: who sees which applications, and whose turn it is.
"""
