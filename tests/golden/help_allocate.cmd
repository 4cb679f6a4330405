qbound allocate --help
