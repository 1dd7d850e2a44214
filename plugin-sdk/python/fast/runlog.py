"""pywaggle's run log, $PYWAGGLE_LOG_DIR/data.ndjson: written now and then, and read.

With $PYWAGGLE_LOG_DIR set, an open plugin's metrics are written there every $FAST_LOG_SECONDS (10),
and once more when it is closed, beside what pywaggle itself writes: a counter's total, a gauge's
value, a heartbeat's rate, a histogram's or timer's mean and, as NAME.p95, its 95th percentile, these
three since the write before; the states of a stateset that are on, by name; of an info 1, with its
facts as meta; and of a param, with the meta PARAM_META, the value that was read last. What has not
changed is not written, but for rates. At most RECORDS_MAX at a time."""
import calendar
import collections
import datetime
import json
import logging
import math
import os
import re
import threading
import time

FILE = "data.ndjson"
SECONDS = 10.0
SECONDS_MIN = 1.0
RECORDS_MAX = 200
PARAM_META = {"kind": "param"}  # a metric may have the same name
_LABEL = re.compile(r'([a-z_][a-z0-9_]*)="([^"]*)"')

# timestamp: nanoseconds since 1970. meta: str to str.
Record = collections.namedtuple("Record", ["name", "value", "timestamp", "meta"])


def timestamp_text(ns):
    """Local time without a zone, as pywaggle writes it, and always with nine digits."""
    seconds, fraction = divmod(ns, 1000000000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)) + ".%09d" % fraction


def timestamp_parse(text, utc=False):
    """Nanoseconds since 1970. Where the microseconds were 0, pywaggle leaves the point out, and
    three digits of nanoseconds follow the seconds at once."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{6})(\d{3})|(\d{3}))$", text)
    if found is None:
        raise ValueError("timestamp %r is not as pywaggle writes it" % text)
    whole, micro, nano, glued = found.groups()
    moment = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    seconds = calendar.timegm(moment.timetuple()) if utc else int(time.mktime(moment.timetuple()))
    return seconds * 1000000000 + int(micro or 0) * 1000 + int(nano or glued)


def line(record):
    """The record as a line of the file."""
    return json.dumps({"meta": record.meta, "name": record.name,
                       "timestamp": timestamp_text(record.timestamp), "value": record.value},
                      sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def parse(text, utc=False):
    """The record of a line. ValueError."""
    fields = json.loads(text)
    try:
        record = Record(fields["name"], fields["value"],
                        timestamp_parse(fields["timestamp"], utc), fields.get("meta", {}))
    except (KeyError, TypeError) as error:
        raise ValueError("no record of a run log: %s" % error) from None
    if not isinstance(record.name, str) or not isinstance(record.value, (int, float, str)):
        raise ValueError("no record of a run log: its name or value")
    return record


def read(path, utc=False, strict=False):
    """Yields the records of a run log, a file or its folder, in the file's order. utc: it was
    written where local time is UTC. A line that is no record, such as the last one of a program
    that was killed, is passed over; strict: raises ValueError."""
    if os.path.isdir(path):
        path = os.path.join(path, FILE)
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            try:
                yield parse(text, utc)
            except ValueError as error:
                if strict:
                    raise ValueError("%s:%d: %s" % (path, number, error)) from None


class Log:
    """Writes a plugin's metrics from now on, until it is closed."""

    def __init__(self, plugin, folder, seconds=None):
        os.makedirs(folder, exist_ok=True)
        if seconds is None:
            seconds = float(os.environ.get("FAST_LOG_SECONDS") or SECONDS)
        self.seconds = max(seconds, SECONDS_MIN)
        self.plugin = plugin
        self.pid = os.getpid()
        # Appended to, one write a line: pywaggle writes to the same file.
        self.file = os.open(os.path.join(folder, FILE),
                            os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.before = {}  # metric -> its last reading that was written; param -> its value
        self.written_at = time.monotonic()
        self.has_warned = False
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        threading.Thread(target=self._run, name="fast-runlog", daemon=True).start()

    def _run(self):
        while not self.stopping.wait(self.seconds):
            self.write()

    def close(self):
        if self.pid != os.getpid():
            return
        self.stopping.set()
        self.write()
        with self.lock:
            os.close(self.file)
            self.file = -1

    def write(self):
        """Writes what has changed since the last write."""
        if self.pid != os.getpid():
            return  # a forked child's numbers are its own; the file is its parent's
        with self.lock:
            if self.file < 0:
                return
            now, moment = time.monotonic(), time.time_ns() if hasattr(time, "time_ns") \
                else int(time.time() * 1e9)
            records = []
            for handle in self.plugin._handles():
                if handle.name == "upload":  # pywaggle keeps that name for files
                    continue
                if hasattr(handle, "read"):
                    self._collect(handle, max(now - self.written_at, 1e-9), moment, records)
                else:
                    self._collect_param(handle, moment, records)
            if len(records) > RECORDS_MAX and not self.has_warned:
                self.has_warned = True
                logging.getLogger("fast").warning(
                    "run log: %d records are due; no more than %d are written at a time",
                    len(records), RECORDS_MAX)
            try:
                for record in records[:RECORDS_MAX]:
                    os.write(self.file, line(record).encode())
            except OSError as error:
                logging.getLogger("fast").error("run log: %s", error)
            self.written_at = now

    def _collect(self, metric, elapsed_s, moment, records):
        reading = metric.read()
        before = self.before.get(metric)
        if reading is None:
            return
        values = _values(metric, reading, before, elapsed_s)
        if values:
            self.before[metric] = reading
        meta = dict(_LABEL.findall(metric.label_text))
        records.extend(Record(metric.name + suffix, value, moment, meta)
                       for suffix, value in values
                       if isinstance(value, str) or math.isfinite(value))

    def _collect_param(self, param, moment, records):
        value = param.last
        if value is None or self.before.get(param) == (type(value), value):
            return
        self.before[param] = (type(value), value)
        records.append(Record(param.name, int(value) if isinstance(value, bool) else value, moment,
                              PARAM_META))


def _values(metric, reading, before, elapsed_s):
    """[(suffix of the name, value)]; none: nothing has changed."""
    kind = metric.kind
    count = reading.count - (before.count if before is not None else 0)
    if kind == "counter":
        return [("", reading.count)] if count or before is None else []
    if kind == "gauge":
        return [("", reading.value)] if before is None or reading.value != before.value else []
    if kind == "heartbeat":
        return [("", count / elapsed_s)]
    if kind == "info":
        return [("", 1)] if before is None and metric.label_text else []
    if kind == "stateset" and (before is None or reading.value != before.value):
        return [("", ",".join(name for i, name in enumerate(metric.states)
                              if int(reading.value) >> i & 1))]
    if kind in ("histogram", "timer") and count:
        recent = reading.since(before) if before is not None else reading
        return [("", recent.sum / count), (".p95", recent.quantile(0.95))]
    return []
