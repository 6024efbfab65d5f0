"""LAND: the dataset of the smoke test.

In: nothing. Out: its name and its prefix, which are nobody else's: a key below it is of this dataset whatever the
deployment's pattern says, and what lands there is announced to nobody, so that it starts no transform.
"""

DATASET = "landfall_smoke"
PREFIX = f"raw/{DATASET}/"
