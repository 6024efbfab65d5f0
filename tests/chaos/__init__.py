"""Storms: seeded schedules of everything that can go wrong, and what must hold after them (`make chaos`)."""
