"""Shared reads of deferrals.

- `amounts`: what may be deferred of a unit, and what it comes to, from assessments;
- `standing`: what is deferred and open of an agreement, by the book;
- `queue`: the desk's list, and to-dos;
- `applications`: who sees which applications, and whose turn it is.
"""
