"""A lab as a picture: what is in it (:mod:`scene`), and how that is written (:mod:`mermaid`, :mod:`dot`, :mod:`tree`).

Pure functions of the model, so that a topology can be drawn without running.
"""
