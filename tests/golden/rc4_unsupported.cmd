sed 's/relu/warp/' examples/typed.json | qbound - --bits 8
