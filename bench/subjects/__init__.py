"""One module a subject: what is measured, against what, and the figure to reach."""
