qbound - --bits 3 --print best --methods houache-general <examples/typed.json
