"""Log lines for machines: JSON, UTC, with the request's id.

Messages of exceptions are left out. PostgreSQL puts whole rows into them, and rows hold deals.
"""

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")

# Attributes that every LogRecord has; what is left was given as extra={...}.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django adds the HttpRequest and the response's code; Celery adds whole task payloads.
EXTRAS = (str, int, float, bool)
HIDDEN = frozenset({"request", "data", "args", "kwargs", "sql", "params", "alias", "exc"})


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if rid := request_id.get():
            line["request"] = rid
        for key, value in vars(record).items():
            if key not in STANDARD and key not in HIDDEN and isinstance(value, EXTRAS):
                line.setdefault(key, value)
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["error"] = kind.__name__
            line["trace"] = [
                f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)
            ]
        # JSON escapes line ends and terminal codes, so a name cannot forge a line.
        return json.dumps(line, ensure_ascii=True)
