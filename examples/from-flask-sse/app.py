"""The app as it was before: flask-sse streams and publishes."""

import os

from flask import Flask
from flask_sse import sse

app = Flask(__name__)
app.config["REDIS_URL"] = os.environ.get("SSE_REDIS_URL", "redis://127.0.0.1:6379")
app.register_blueprint(sse, url_prefix="/stream")


@app.post("/hello")
def hello():
    sse.publish({"message": "Hello from Flask!"}, type="greeting")
    return "Message sent!\n"
