"""Every word that Plumbline says about a review, in the forms in which it is asked for."""
