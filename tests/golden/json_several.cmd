qbound examples/typed.json examples/typed.json --bits 3 --format json --methods gonon-2023 | grep -c qbound.report/1
