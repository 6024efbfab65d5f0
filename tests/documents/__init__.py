"""What the documents say, held to what the product does."""
