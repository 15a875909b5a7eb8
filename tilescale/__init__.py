"""TileScale."""
