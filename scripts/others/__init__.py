"""The suites of other projects, run against the local Redshift: what they expect of it is no opinion of ours."""
