"""The servers of the peers written in Python, each as its library's own page shows it."""
