"""OPERATE: does this warehouse do what Landfall rests on? Probes, each with the page of Redshift's documentation."""
