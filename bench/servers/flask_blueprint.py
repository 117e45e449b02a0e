"""The loop of flask-sse's blueprint, for machines without the package itself: each viewer has a Redis
subscription of its own, and each message is parsed and framed for each viewer. The opening comment is
not the package's: without it, the load could not tell when a viewer is subscribed."""

import json
import os

from flask import Flask, Response, request
from redis import StrictRedis

app = Flask(__name__)
redis = StrictRedis.from_url(os.environ["BENCH_REDIS"])


class Message:
    def __init__(self, data, type=None, id=None, retry=None):
        self.data, self.type, self.id, self.retry = data, type, id, retry

    def __str__(self):
        data = self.data if isinstance(self.data, str) else json.dumps(self.data)
        lines = ["data:" + line for line in data.splitlines()]
        if self.type:
            lines.insert(0, "event:" + self.type)
        if self.id:
            lines.append("id:" + str(self.id))
        if self.retry:
            lines.append("retry:" + str(self.retry))
        return "\n".join(lines) + "\n\n"


def frames(pubsub):
    for message in pubsub.listen():
        if message["type"] == "subscribe":
            yield ":\n\n"
        elif message["type"] == "message":
            yield str(Message(**json.loads(message["data"])))


@app.route("/stream")
def stream():
    pubsub = redis.pubsub()
    pubsub.subscribe(request.args.get("channel", "sse"))
    return Response(frames(pubsub), mimetype="text/event-stream")
