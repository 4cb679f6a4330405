qbound measure --help
