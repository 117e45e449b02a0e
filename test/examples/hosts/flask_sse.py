"""
Stands in for the package flask-sse, which Debian does not have: a blueprint `sse` that publishes and streams, with the
same JSON on the same channel. Like it, it answers a stream with the first event.
"""

import json

from flask import Blueprint, Response, current_app, request
from redis import Redis

sse = Blueprint("sse", __name__)


def connection():
    return Redis.from_url(current_app.config["REDIS_URL"])


def publish(data, type=None, channel="sse"):
    message = {"data": data} if type is None else {"data": data, "type": type}
    return connection().publish(channel, json.dumps(message))


@sse.get("")
def stream():
    subscription = connection().pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(request.args.get("channel", "sse"))

    def frames():
        for each in subscription.listen():
            message = json.loads(each["data"])
            name = f"event:{message['type']}\n" if "type" in message else ""
            yield f"{name}data:{json.dumps(message['data'])}\n\n"

    return Response(frames(), mimetype="text/event-stream")


sse.publish = publish
