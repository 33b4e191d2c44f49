"""Open SSE connections."""
