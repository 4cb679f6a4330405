printf '{' | qbound - --bits 8
