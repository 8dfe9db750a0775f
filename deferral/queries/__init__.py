"""Shared reads of deferrals.

- `amounts`: what may be deferred of a unit, and what it comes to, from assessments;
- `standing`: what is deferred and open of an agreement, by the book;
- `queue`: the desk's list, and to-dos;
- `kind`: what pages and services of all matters ask of deferrals;
- `applications`: who sees which applications, and whose turn it is.
"""
