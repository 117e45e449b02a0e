"""A Flask app that publishes flask-sse's JSON: every edge-sse on the same Redis streams it."""

import json
import os

from flask import Flask
from redis import Redis

app = Flask(__name__)
redis = Redis.from_url(os.environ.get("SSE_REDIS_URL", "redis://127.0.0.1:6379"))


def publish(data, type=None, channel="sse"):
    """What `sse.publish` of flask-sse does: an app that has flask-sse changes nothing."""
    message = {"data": data}
    if type is not None:
        message["type"] = type
    return redis.publish(channel, json.dumps(message))


@app.post("/hello")
def hello():
    publish({"message": "Hello!"}, type="greeting")
    return "Message sent!\n"
