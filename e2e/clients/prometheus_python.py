"""A user's Python program with prometheus_client: fixed values on the port given as the first argument, until stdin closes."""
import sys

from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server

requests = Counter("http_requests", "Requests.", ["method", "status"])
requests.labels("GET", "200").inc(100)
requests.labels("GET", "500").inc(3)
temperature = Gauge("room_temperature_celsius", "With \\ and \"quotes\".", ["room"])
temperature.labels('k"i\\t\nchen').set(-21.5)
latency = Histogram("order_latency_seconds", "Latency.", buckets=[0.1, 0.5, 1])
for seconds in [0.05, 0.3, 0.3, 0.7, 5]:
    latency.observe(seconds)
size = Summary("order_size_bytes", "Size.")
size.observe(10)
size.observe(32)
Info("build", "Build.").info({"version": "1.2.3"})
state = Enum("worker_state", "State.", states=["idle", "busy"])
state.state("busy")
nothing = Gauge("nothing", "Not a number.")
nothing.set(float("nan"))
limit = Gauge("limit", "Infinity.")
limit.set(float("inf"))

start_http_server(int(sys.argv[1]), addr="127.0.0.1")
print("ready", flush=True)
sys.stdin.read()
