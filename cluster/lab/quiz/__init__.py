"""The quiz show: a workload whose every acknowledged answer can be asked for again."""
