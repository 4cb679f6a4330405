qbound methods --help
