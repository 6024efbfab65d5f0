"""The commands of Redshift as its documentation writes them, and whether a statement is one of them."""
