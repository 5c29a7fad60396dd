"""A user's Python program: OpenTelemetry SDK with a BatchSpanProcessor, sent to the OTLP/gRPC endpoint given as the first argument.

Makes the number of orders given as the second argument: a span with a child each, every tenth with an exception, a log record, a
counter and a histogram. Prints the trace ids, one a line.
"""
import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

endpoint, orders = sys.argv[1], int(sys.argv[2])
resource = Resource.create({"service.name": "python-orders", "service.version": "2.1.0", "deployment.environment": "e2e"})

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True), max_export_batch_size=512))
trace.set_tracer_provider(tracers)
meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint, insecure=True), export_interval_millis=3_600_000)])
metrics.set_meter_provider(meters)
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=endpoint, insecure=True)))
set_logger_provider(loggers)
log = logging.getLogger("orders")
log.setLevel(logging.INFO)
log.addHandler(LoggingHandler(logger_provider=loggers))

tracer = trace.get_tracer("e2e")
meter = metrics.get_meter("e2e")
placed = meter.create_counter("orders.placed", unit="1", description="Orders placed.")
amount = meter.create_histogram("order.amount", unit="EUR", description="Order amount.")

for i in range(orders):
    with tracer.start_as_current_span("place_order", attributes={"order.id": i, "user.id": f"user-{i % 7}"}) as span:
        with tracer.start_as_current_span("charge"):
            log.info("order %d placed", i)
        if i % 10 == 0:
            span.record_exception(ValueError("card declined"))
            span.set_status(trace.Status(trace.StatusCode.ERROR, "card declined"))
        placed.add(1, {"country": "DE" if i % 2 else "FR"})
        amount.record(i)
        print(format(span.get_span_context().trace_id, "032x"))

tracers.shutdown()
meters.shutdown()
loggers.shutdown()
