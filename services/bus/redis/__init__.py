"""The bus over several processes: Redis orders, keeps and carries what is published.

Needs the extra ``pulso[redis]``; nothing in here is imported by a process that is alone.
"""
