"""`python -m refunds.fakebank`: the bank as a process of its own."""

from refunds.fakebank.program import main

main()
