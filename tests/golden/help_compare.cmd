qbound compare --help
