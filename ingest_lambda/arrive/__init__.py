"""LAND, arrive: from a notification to the versions of objects that it announces, and the dataset of each."""
