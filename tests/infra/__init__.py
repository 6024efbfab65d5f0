"""Tests of the templates, the packages and the deployment."""
