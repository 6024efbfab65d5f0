"""LAND, warehouse: Redshift as the rooms above use it: the client, its failures, types, SQL, ledger, catalog."""
