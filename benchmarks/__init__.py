"""What Landfall costs, measured; README.md has the commands and their results."""
