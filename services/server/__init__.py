"""The process as a server: its sockets, its logs, its health."""
