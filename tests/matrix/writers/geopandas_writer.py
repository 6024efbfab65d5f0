"""geopandas: GeoParquet."""

from pathlib import Path
from typing import Any

import geopandas
import shapely

NAME, VERSION = "geopandas", geopandas.__version__
TYPES: dict[str, list[str]] = {
    "Point": ["POINT (1 2)"],
    "Polygon": ["POLYGON ((0 0, 1 0, 1 1, 0 0))"],
    "Point, geoarrow": ["POINT (1 2)"],
}


def write(path: Path, values: list[str]) -> None:
    points = [*map(shapely.from_wkt, values), None]
    frame = geopandas.GeoDataFrame({"id": range(1, len(points) + 1)}, geometry=points, crs="EPSG:4326")
    encoding = "geoarrow" if values is TYPES["Point, geoarrow"] else "WKB"
    frame.rename_geometry("v").to_parquet(path, geometry_encoding=encoding)


def read(path: Path) -> list[Any]:
    """Read the bytes of the geometries, as they are kept."""
    found = geopandas.read_parquet(path).sort_values("id")["v"]
    return [None if one is None else shapely.to_wkb(one) for one in found]
