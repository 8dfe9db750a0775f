"""Every write of deferrals.

- `moving`: the one way in which an application changes its state, with its step and its message;
- `drafting`: begun, filled in, copied, papers put in;
- `handing_in`: signed and handed in, again after a one-time notice, withdrawn;
- `taking_in`: taken in, sent back once with everything that is missing, or not taken in;
- `reviewing`: opinions given, voided, reported;
- `packing`: the case file as one zip;
- `letters`, `letter_parts`: receipt, one-time notice, approval form, minutes, refusal, agreement;
- `following`: agreements kept in line with the book, and reminders;
- `deciding`: approved by as many as are needed, or refused; the agreement signed.
"""
