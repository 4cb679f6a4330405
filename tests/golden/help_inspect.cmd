qbound inspect --help
