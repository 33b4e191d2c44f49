"""Events: what they are, their order, their bytes, who reads them, what is remembered."""
