#!/usr/bin/python3
"""The updates of transports.js as a gRPC stream: `server` or `client`. The messages are the same
JSON texts; a schema of protobuf would make them smaller, as it would in the other transports."""

import json
import sys
import time
from concurrent import futures

import grpc

AT = "127.0.0.1:8085"
PAUSES = [300, 1900, 200, 700, 1400, 100, 2100, 900, 600, 1800]  # milliseconds, then again
COUNT = 20


def updates(request, context):
    for i in range(COUNT):
        time.sleep(PAUSES[i % len(PAUSES)] / 1000)
        price = f"{100 + ((i * 37) % 50) / 4:.2f}"
        update = {"event": "price_updated", "symbol": "WSK", "price": price,
                  "at": int(time.time() * 1000)}
        yield json.dumps(update, separators=(",", ":")).encode()


if sys.argv[1:] == ["server"]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    method = grpc.unary_stream_rpc_method_handler(updates)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("Prices", {"Updates": method})])
    server.add_insecure_port(AT)
    server.start()
    print("ready", flush=True)
    server.wait_for_termination(90)  # never stays behind
else:
    with grpc.insecure_channel(AT) as channel:
        stream = channel.unary_stream("/Prices/Updates")(b"")
        assert sum(1 for _ in stream) == COUNT
