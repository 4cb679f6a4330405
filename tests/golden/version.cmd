qbound --version
