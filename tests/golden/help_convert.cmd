qbound convert --help
