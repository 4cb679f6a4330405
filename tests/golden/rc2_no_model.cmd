qbound --bits 8
