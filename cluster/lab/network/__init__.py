"""The links between nodes of the lab, as people cut and mend them."""
