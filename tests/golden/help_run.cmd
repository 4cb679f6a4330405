qbound run --help
