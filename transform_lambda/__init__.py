"""MODEL, GATE, ALERT: one run of dbt after files have landed, in the actions of a state machine.

handler -> plan (what must be built) -> build (dbt) -> archive (mark the files) -> report (tell).
"""
