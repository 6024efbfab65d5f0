"""One module a producer: the layout that it writes, what of it lands, and what is refused and why.

Each makes its files with the real library where PyPI has one that is light enough (`environment`), and else with
pyarrow, as the page says that it names. `docs/producers.md` shows what the modules say of themselves (`producer`).
"""
