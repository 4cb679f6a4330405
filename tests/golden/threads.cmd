for n in 1 2 7; do qbound examples/mlp5.json --bits 8 --format json --threads $n --methods gonon-2023,houache-general | sha256sum; done | uniq | wc -l
