"""Other traffic, in a process of its own: ``python -m bench.probe PORT TARGET SECONDS``.

A small request every 5 ms on one connection; prints the longest any answer took, in seconds.
"""

import socket
import sys
import time

EVERY_SECONDS = 0.005


def longest_answer(port: int, target: str, seconds: float) -> float:
    """The longest time from a request's send to its answer, in seconds."""
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    longest = 0.0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        until = due + seconds
        while due < until:
            begin = time.perf_counter()
            connection.sendall(request)
            if not connection.recv(65_536):
                raise ConnectionError("The probe's connection was closed")
            end = time.perf_counter()
            longest = max(longest, end - begin)
            due = max(due + EVERY_SECONDS, end)
            time.sleep(max(0.0, due - time.perf_counter()))
    return longest


if __name__ == "__main__":
    print(longest_answer(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
