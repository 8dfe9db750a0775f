"""The book on the desk: `book` shows it, `corrections` is where two people correct it."""
