"""Pulso and its peers, measured side by side: ``python -m bench``.

The measure is the server's own CPU time, which noise on a shared machine disturbs least, and only
ratios within one run are quoted. Nothing here reaches into a server, but for the flood of
``ingest``: it is started as its users start it and spoken to over HTTP.
"""
