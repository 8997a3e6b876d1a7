"""What a test set measured, as a page and as pictures: pure, from values to text.

The page needs nothing but itself: no script, no font, no address. Its pictures are drawn here once;
a picture on its own is the same drawing.
"""

from easeml_action.page.charts import charts_of
from easeml_action.page.html import render_page
from easeml_action.page.picture import RasterizerMissing, draw_png, draw_svg

__all__ = ["RasterizerMissing", "charts_of", "draw_png", "draw_svg", "render_page"]
