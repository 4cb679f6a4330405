qbound - --bits 8 </dev/null
