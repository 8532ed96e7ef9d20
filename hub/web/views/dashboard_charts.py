"""The two charts of the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.reports import traffic
from hub.store.base import to_ms
from hub.web import charts as geometry
from hub.web import context, fmt, operate

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Charts:
    """Messages by outcome, and the time from change to delivered."""

    messages: geometry.Chart
    time: geometry.Chart
    empty: bool


def charts(session: Session, flows: Sequence[int], now: datetime, *, monthly: bool) -> Charts:
    """Return the charts of these flows over 24 hours or 30 days."""
    span = {"hours": 720, "each": 24} if monthly else {"hours": 24, "each": 1}
    found = traffic.buckets(session, operate.memo(), now, flows=set(flows), **span)
    zone = context.zone()
    local = [bucket.start.astimezone(zone) for bucket in found]
    labels = [f"{t.day} {fmt.MONTHS[t.month - 1]}" if monthly else f"{t:%H}:00" for t in local]
    retry = _retrying(session, flows, found, monthly=monthly)
    return Charts(
        _messages(labels, found, retry, monthly=monthly),
        _time(labels, found),
        not any(bucket.delivered or bucket.unchanged or bucket.parked for bucket in found),
    )


def _retrying(
    session: Session, flows: Sequence[int], found: Sequence[traffic.Bucket], *, monthly: bool
) -> list[int]:
    waiting = traffic.retrying(session, flows, found[0].start)
    size = DAY_MS if monthly else traffic.HOUR_MS
    starts = [to_ms(bucket.start) for bucket in found]
    return [sum(n for at, n in waiting.items() if s <= at < s + size) for s in starts]


def _messages(
    labels: Sequence[str],
    found: Sequence[traffic.Bucket],
    retry: Sequence[int],
    *,
    monthly: bool,
) -> geometry.Chart:
    values = {
        "done": [b.delivered for b in found],
        "same": [b.unchanged for b in found],
        "retry": list(retry),
        "parked": [b.parked for b in found],
    }
    names = {"done": "Delivered", "same": "Unchanged", "retry": "Will retry", "parked": "Parked"}
    series = [geometry.Series(k, names[k], v, fmt.number(sum(v))) for k, v in values.items()]
    total = [sum(column) for column in zip(*values.values(), strict=True)]
    finding = "Nothing was settled."
    if any(values["parked"]):
        worst = max(range(len(found)), key=lambda i: values["parked"][i])
        finding = f"Most parked at {labels[worst]}: {values['parked'][worst]:,}."
    elif any(total):
        top = max(range(len(found)), key=lambda i: total[i])
        finding = f"Most at {labels[top]}: {total[top]:,}. Nothing parked."
    title = "Messages per day" if monthly else "Messages per hour"
    return geometry.bar_chart(title, finding, labels, series)


def _time(labels: Sequence[str], found: Sequence[traffic.Bucket]) -> geometry.Chart:
    def filled(name: str) -> list[float]:
        known = [getattr(bucket, name) for bucket in found]
        last, values = next((v for v in known if v is not None), 0.0), []
        for value in known:
            last = last if value is None else value
            values.append(last)
        return values

    half, most = filled("p50"), filled("p95")
    scale, unit = (60.0, "min") if max(most, default=0) > 600 else (1.0, "s")
    series = [
        geometry.Series("solid", "Half within (p50)", [round(v / scale, 1) for v in half],
                        fmt.duration(half[-1]) if half[-1] else ""),
        geometry.Series("dash", "95 % within (p95)", [round(v / scale, 1) for v in most],
                        fmt.duration(most[-1]) if most[-1] else ""),
    ]  # fmt: skip
    worst = max(range(len(found)), key=lambda i: most[i]) if found else 0
    finding = f"Slowest at {labels[worst]}: 95 % within {fmt.duration(most[worst])}."
    return geometry.line_chart("Time from change to delivered", finding, labels, series, unit)
