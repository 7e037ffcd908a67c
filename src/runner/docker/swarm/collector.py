"""Takes the outcome of one run from the worker, wherever the cluster placed it, and keeps it.

Reached only over the network of the run. A sender that does not know the run's token is ignored.
"""

import hmac
import os
import socket
import sys

PORT, MOST = 4711, int(os.environ["METASCOPE_MOST"])
TARGET = os.environ["METASCOPE_OUTPUT"]
TOKEN = os.environ["METASCOPE_TOKEN"].encode()


def receive(connection, count):
    data = bytearray()
    while len(data) < count:
        more = connection.recv(min(count - len(data), 1 << 20))
        if not more:
            raise OSError("cut short")
        data += more
    return bytes(data)


def serve(server):
    while True:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            try:
                if not hmac.compare_digest(receive(connection, len(TOKEN)), TOKEN):
                    continue
                size = int.from_bytes(receive(connection, 8), "big")
                if size > MOST:
                    connection.sendall(b"large")
                    continue
                with open(TARGET + ".part", "wb") as file:
                    file.write(receive(connection, size))
                os.replace(TARGET + ".part", TARGET)
                connection.sendall(b"taken")
            except OSError as error:
                print(error, file=sys.stderr)


serve(socket.create_server(("", PORT)))
