"""The `landfall` command: one entry point, commands registered from `landfall.commands`."""
