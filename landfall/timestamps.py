"""OPERATE: times as people and tools read them. In: the Data API's text for a TIMESTAMP. Out: ISO 8601, UTC."""

from datetime import UTC, datetime


def iso(text: str | None) -> str | None:
    """Spell a warehouse timestamp (UTC, as all of them are here) in ISO 8601 with its zone.

    >>> iso("2026-11-21 03:00:00.25")
    '2026-11-21T03:00:00.250000Z'
    >>> iso(None) is None
    True
    """
    if text is None:
        return None
    return spell(datetime.fromisoformat(text).replace(tzinfo=UTC))


def spell_iso(text: str) -> str:
    """Spell an ISO 8601 time with a zone as all others are spelt.

    >>> spell_iso("2026-11-21T04:00:00+01:00")
    '2026-11-21T03:00:00.000000Z'
    """
    return spell(datetime.fromisoformat(text))


def seconds(text: str | None) -> str | None:
    """Shorten an ISO 8601 time for people.

    >>> seconds("2026-11-21T03:00:00.250000Z")
    '2026-11-21 03:00:00'
    """
    return text[:19].replace("T", " ") if text else None


def spell(moment: datetime) -> str:
    """Spell a moment in ISO 8601, in UTC with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
