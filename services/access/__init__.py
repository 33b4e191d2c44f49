"""Who may do what, right now: tokens, operators, passwords."""
