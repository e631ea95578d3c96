"""The rules of :mod:`lab.model.validate`, by what they are about."""
