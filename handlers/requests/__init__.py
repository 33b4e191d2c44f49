"""How a request is read: bodies, events, what a person may write."""
