qbound --help
