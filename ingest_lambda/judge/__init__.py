"""LAND, judge: what a file's columns do to its dataset's table, or why the file is rejected. Pure."""
