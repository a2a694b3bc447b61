"""The settings of the small documentation; the theme comes from the command line."""

project = "Lighthouse"
author = "The keepers"
